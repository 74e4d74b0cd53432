import { resolveOptions } from '@hookwell/core';
import { namesIn, quote, type Names } from './names.ts';
import { PostgresRowLevelSecurityOptionsSchema, type PostgresRowLevelSecurityOptions } from './postgres-options.ts';

/** The tables in which rows are an account's, and what the calls of an account need to do in them. */
export const accountTables = {
  subscriptions: 'select, insert, update',
  events: 'select, update (metadata)', // to lock one, which no call changes
  event_keys: null,
  deliveries: 'select, insert, delete',
  attempts: 'select, insert',
  replays: 'select, insert, update',
  keys: 'select, delete, update (ends_at)',
} as const satisfies Record<string, string | null>;

/** Names of the policies on each of these tables. */
export const policies = { account: 'hookwell_account', others: 'hookwell_others' } as const;

/** What turns row-level security on and off; each is to be run in one transaction. */
export interface PostgresRowLevelSecurity {
  readonly on: string;
  readonly off: string;
}

/**
 * The SQL by which `start` would turn row-level security on, and that by which it is turned off, for teams that run
 * migrations themselves: after those of `postgresMigrations`. The role must be there.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * writeFileSync('row-level-security.sql', postgresRowLevelSecurity({ role: 'hookwell_account' }).on)
 */
export function postgresRowLevelSecurity(options: PostgresRowLevelSecurityOptions): PostgresRowLevelSecurity {
  const { schema, role } = resolveOptions(PostgresRowLevelSecurityOptionsSchema, options, 'postgresRowLevelSecurity');
  const names = namesIn(schema);
  const missing = { isSealed: false, tables: Object.keys(accountTables) };
  return { on: `${turnOn(names, role, missing)}\n`, off: `${turnOff(names, role)}\n` };
}

/**
 * Turns it on where it is missing. The policies bind one role alone, in which the calls of an account run: what all others
 * may do, the owner and those whose transactions are joined among them, is left to what they were granted. To say in whose
 * name it runs, a transaction needs the seal of that account, which only those who may read `account_seal` can make.
 */
export function turnOn(
  names: Names,
  role: string,
  missing: { readonly isSealed: boolean; readonly tables: readonly string[] },
): string {
  const to = quote(role);
  const seal = names.of('account_seal');
  const account = `${names.of('account')}()`;
  const sealed = missing.isSealed
    ? []
    : [
        `create table ${seal} (secret text not null);`,
        `insert into ${seal} values (gen_random_uuid()::text || gen_random_uuid()::text);`,
        `create function ${account} returns text language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
  given text := coalesce(current_setting('hookwell.account', true), '');
  account text := convert_from(decode(substr(given, 65), 'hex'), 'UTF8');
begin
  if given = '' then
    raise sqlstate 'HW002' using message = 'the role may see one account at a time, and the transaction names none';
  end if;
  if left(given, 64) = (
    select ${hash(`secret || ${hash('secret || account')}`)} from ${seal}
  ) then return account; end if;
  raise sqlstate 'HW001' using message = 'the setting hookwell.account does not carry the seal of its account';
end $$;`,
        `revoke all on function ${account} from public;`,
      ];
  const granted = Object.entries(accountTables).flatMap(([table, rights]) =>
    rights === null ? [] : [`grant ${rights} on ${names.of(table)} to ${to};`],
  );
  const bound = missing.tables.flatMap((table) => {
    const isOwn = `(account_id = (select ${account}))`;
    return [
      `create policy ${policies.others} on ${names.of(table)} using (true);`,
      `create policy ${policies.account} on ${names.of(table)} as restrictive to ${to} using ${isOwn};`,
      `alter table ${names.of(table)} enable row level security;`,
    ];
  });
  return [
    ...sealed,
    ...bound,
    `grant usage on schema ${names.schema} to ${to};`,
    `grant execute on function ${account} to ${to};`,
    `grant usage on sequence ${names.of('subscriptions_id_seq')}, ${names.of('attempt_ids')} to ${to};`,
    ...granted,
  ].join('\n');
}

/** The role loses its rights first: whoever still runs in it is refused, and does not see what is no longer hidden. */
function turnOff(names: Names, role: string): string {
  const to = quote(role);
  return [
    `revoke all on all tables in schema ${names.schema} from ${to};`,
    `revoke all on all sequences in schema ${names.schema} from ${to};`,
    `revoke all on schema ${names.schema} from ${to};`,
    ...Object.keys(accountTables).flatMap((table) => [
      `alter table ${names.of(table)} disable row level security;`,
      `drop policy if exists ${policies.account} on ${names.of(table)};`,
      `drop policy if exists ${policies.others} on ${names.of(table)};`,
    ]),
    `drop function ${names.of('account')}();`,
    `drop table ${names.of('account_seal')};`,
  ].join('\n');
}

const hash = (text: string): string => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;
