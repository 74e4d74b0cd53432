import { createHash } from 'node:crypto';
import { storable, type Connection } from './connection.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** What the calls of an account run on: each statement a transaction of its own, or several of them in one. */
export type AccountRunner = Runner & Pick<Connection, 'transact'>;

/** In which role calls run under row-level security, and the secret that seals the names of their accounts. */
export interface AccountSeal {
  readonly role: string;
  readonly secret: string;
}

/** Until the end of the transaction. The seal is a value: texts of statements can be seen by others who are logged in. */
const become = plannedEachTime<unknown>(`
    select json_build_array(
      set_config('role', $1::text, true), set_config('row_security', 'on', true), set_config('hookwell.account', $2::text, true)
    )::text`);

/** Runs what an account asks for in a role that sees nothing but what is that account's. */
export function runAs({ role, secret }: AccountSeal, connection: Connection, accountId: string): AccountRunner {
  const account = Buffer.from(storable(accountId) as string);
  const sealed = hash(secret, hash(secret, account)) + account.toString('hex');
  const transact: AccountRunner['transact'] = async (work) =>
    connection.transact(async (transaction) => {
      await transaction.run(become, [role, sealed]);
      return work(transaction);
    });
  return { transact, run: async (statement, values) => transact(async ({ run }) => run(statement, values)) };
}

function hash(secret: string, text: string | Buffer): string {
  return createHash('sha256').update(secret).update(text).digest('hex');
}
