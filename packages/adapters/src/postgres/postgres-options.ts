import { HookwellError, resolveOptions } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import type { PostgresPool } from './driver.ts';

/** The option `schema` of `postgresStorage` and of `postgresMigrations`. */
const schema = Type.String({
  default: 'hookwell',
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
  description:
    'The schema that its tables are in: letters, digits and underscores, and nothing else in it. Made by `start` when it is not there.',
});

/** The option `role` of `rowLevelSecurity` and of `postgresRowLevelSecurity`. */
const role = Type.String({
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
  description:
    'The role in which the calls of an account run: letters, digits and underscores. Make it for this alone, without a login and without rights of its own, and grant it to the role that logs in.',
});

/** The options of `postgresStorage`: type, default and manual in one. */
export const PostgresStorageOptionsSchema = Type.Object(
  {
    pool: Type.Unsafe<PostgresPool>({
      type: 'object',
      description:
        "The host's own pool of pg. Its settings and type parsers are left alone, and it stays open at `stop`; two or three of its connections are used at a time.",
    }),
    schema,
    migrate: Type.Boolean({
      default: true,
      description:
        'Whether `start` brings the tables up to date. When false, it only checks them: run the SQL of `postgresMigrations()` yourself.',
    }),
    prepare: Type.Boolean({
      default: true,
      description:
        'Whether the server keeps the plans of frequent statements, as prepared statements. Set it to false behind a pooler that hands out another connection for each transaction and knows no prepared statements, such as PgBouncer before 1.21: each statement is then planned anew, which costs the database a millisecond or less.',
    }),
    listen: Type.Boolean({
      default: true,
      description:
        'Whether an engine that delivers hears at once, by LISTEN, when another process has work for it; it keeps a connection of its own for that, made as the pool makes them. When false, it finds such work when it polls. Set it to false behind a pooler that hands out another connection for each transaction, such as PgBouncer in transaction mode.',
    }),
    rowLevelSecurity: Type.Optional(
      Type.Object(
        {
          role,
          pool: Type.Optional(
            Type.Unsafe<PostgresPool>({
              type: 'object',
              description:
                'A pool for the calls of accounts alone, whose login is granted the role and nothing else: then not even SQL that somebody has smuggled into such a call can leave the role. Without it they go through the other pool.',
            }),
          ),
        },
        {
          additionalProperties: false,
          description:
            'Lets the database itself keep accounts apart: every call that an account makes runs in a role that sees the rows of this account alone, whatever the statement says. `start` makes the policies, or checks them when `migrate` is false. Such a call takes three round trips to the database more; accepting and delivering take none.',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

/** The options of `postgresStorage` with their defaults filled in. */
export type PostgresStorageOptions = Static<typeof PostgresStorageOptionsSchema>;

/** The options of `postgresStorage` as a host writes them. */
export type PostgresStorageOptionsInput = Pick<PostgresStorageOptions, 'pool'> & Partial<PostgresStorageOptions>;

/** The options of `postgresMigrations`: type, default and manual in one. */
export const PostgresMigrationsOptionsSchema = Type.Object({ schema }, { additionalProperties: false });

/** The options of `postgresMigrations` as a host writes them. */
export type PostgresMigrationsOptionsInput = Partial<Static<typeof PostgresMigrationsOptionsSchema>>;

/** The options of `postgresRowLevelSecurity`: type, default and manual in one. */
export const PostgresRowLevelSecurityOptionsSchema = Type.Object({ schema, role }, { additionalProperties: false });

/** The options of `postgresRowLevelSecurity` as a host writes them. */
export type PostgresRowLevelSecurityOptions = Pick<Static<typeof PostgresRowLevelSecurityOptionsSchema>, 'role'> &
  Partial<Static<typeof PostgresRowLevelSecurityOptionsSchema>>;

/** @throws {HookwellError} `invalid_option` */
export function resolvePostgresOptions(given: PostgresStorageOptionsInput): PostgresStorageOptions {
  const options = resolveOptions(PostgresStorageOptionsSchema, given, 'postgresStorage');
  checkPool('pool', options.pool);
  if (options.rowLevelSecurity?.pool) checkPool('rowLevelSecurity.pool', options.rowLevelSecurity.pool);
  return options;
}

function checkPool(name: string, pool: PostgresPool): void {
  if (typeof pool.query === 'function' && typeof pool.connect === 'function') return;
  throw new HookwellError(
    'invalid_option',
    `postgresStorage: option "${name}" is not a pool of pg; pass what \`new Pool({ connectionString })\` of pg returned.`,
  );
}
