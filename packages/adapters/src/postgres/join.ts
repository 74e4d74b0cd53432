import { HookwellError, type JoinedStorage } from '@hookwell/core';
import { CompiledQuery, type QueryResult } from 'kysely';
import { storable } from './connection.ts';
import type { PostgresValue } from './driver.ts';
import { plannedEachTime, type Runner, type Statement } from './statement.ts';
import { storageError } from './storage-error.ts';

/** Sends a statement with its values in the host's transaction, and answers its rows. */
type Send = (text: string, values: readonly PostgresValue[]) => Promise<readonly unknown[]>;

/** A `Transaction` of Kysely, as far as it is used here. */
interface KyselyTransaction {
  readonly isTransaction: boolean;
  withoutPlugins(): KyselyTransaction;
  executeQuery(query: CompiledQuery): Promise<QueryResult<unknown>>;
}

/** A client of pg inside `BEGIN`, or what a host has made of the transaction of its own library. */
interface QueryingTransaction {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
  /** What newer versions of pg know without asking: `T` inside a transaction. */
  getTransactionStatus?(): string | null;
}

/** What the statement that begins a transaction leaves behind: every later one has a time of its own. */
const isOpen = plannedEachTime<boolean>('select to_json(now() <> statement_timestamp())::text');

/**
 * Makes the calls that run in a transaction of the host's.
 *
 * @throws {HookwellError} `invalid_input` for what is no transaction
 */
export async function joinTransaction(transaction: unknown, bind: (runner: Runner) => JoinedStorage): Promise<JoinedStorage> {
  if (isKysely(transaction)) {
    if (!transaction.isTransaction) {
      throw refusal('it is a Kysely that is no transaction', 'pass the `trx` of `db.transaction().execute(async (trx) => …)`');
    }
    // The host's plugins, which may rename columns or parse texts, are for the host's own queries.
    const plain = transaction.withoutPlugins();
    return bind(runnerOver(async (text, values) => (await plain.executeQuery(CompiledQuery.raw(text, [...values]))).rows));
  }
  if (!isQuerying(transaction)) {
    throw refusal(
      'it has no `query(sql, parameters)`',
      'pass a client of pg inside BEGIN, a Kysely transaction, or an object with that method',
    );
  }
  if ('totalCount' in transaction && 'idleCount' in transaction) {
    throw refusal(
      'it is a pool, which sends each statement where it likes',
      'take a client out of it with `pool.connect()`, and begin there',
    );
  }
  const runner = runnerOver(async (text, values) => rowsIn(await transaction.query(text, [...values])));
  return bind({
    async run(statement, values) {
      const status = transaction.getTransactionStatus?.();
      if (status === undefined || status === null ? !(await runner.run(isOpen, [])) : status === 'I') {
        throw refusal('no transaction is open on it', 'send BEGIN first, and await the call before you send COMMIT');
      }
      return runner.run(statement, values);
    },
  });
}

function runnerOver(send: Send): Runner {
  return {
    async run<Answer>({ text }: Statement<Answer>, values: readonly PostgresValue[]): Promise<Answer> {
      let rows: readonly unknown[];
      try {
        rows = await send(text, values.map(storable));
      } catch (error) {
        throw storageError(error);
      }
      return JSON.parse(textIn(rows[0])) as Answer;
    },
  };
}

/** The one text of a row, which libraries answer by the name of its column or by its position. */
function textIn(row: unknown): string {
  if (row === undefined) return 'null';
  const value: unknown = Object.values(row as object)[0];
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  throw refusal('its `query` answers rows in which a text is no string', 'answer rows as the driver gives them');
}

function rowsIn(answer: unknown): readonly unknown[] {
  const rows = Array.isArray(answer) ? answer : (answer as { readonly rows?: unknown } | null | undefined)?.rows;
  if (Array.isArray(rows)) return rows;
  throw refusal('its `query` answers neither rows nor an object with `rows`', 'answer the rows as an array');
}

function isKysely(value: unknown): value is KyselyTransaction {
  return typeof value === 'object' && value !== null && 'isTransaction' in value && 'executeQuery' in value;
}

function isQuerying(value: unknown): value is QueryingTransaction {
  return typeof value === 'object' && value !== null && 'query' in value && typeof value.query === 'function';
}

function refusal(problem: string, wayOut: string): HookwellError {
  return new HookwellError('invalid_input', `What was given as "within" cannot be joined: ${problem}; ${wayOut}.`);
}
