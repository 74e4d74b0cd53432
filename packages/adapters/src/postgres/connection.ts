import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult, PostgresValue } from './driver.ts';
import type { Runner, Statement } from './statement.ts';
import { storageError } from './storage-error.ts';

/** Values arrive as they were sent, whatever parsers the host has set for its own queries. */
const asSent = { getTypeParser: () => String } as const;

/** The host's pool: runs statements, alone or several of them in a transaction, and turns errors into ours. */
export class Connection implements Runner {
  readonly #pool: PostgresPool;
  readonly #prepare: boolean;

  constructor(pool: PostgresPool, { prepare }: { readonly prepare: boolean }) {
    this.#pool = pool;
    this.#prepare = prepare;
  }

  /** Runs one statement, which is a transaction of its own. */
  async run<Answer>(statement: Statement<Answer>, values: readonly PostgresValue[]): Promise<Answer> {
    try {
      return JSON.parse(answerIn(await this.#pool.query(this.#query(statement, values)))) as Answer;
    } catch (error) {
      throw storageError(error);
    }
  }

  /**
   * Runs work in a transaction of its own, all or nothing.
   *
   * @param settings further commands at its beginning, e.g. `set local lock_timeout = 100`
   */
  async transact<Result>(work: (transaction: Transaction) => Promise<Result>, settings = ''): Promise<Result> {
    let client: PostgresClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw storageError(error);
    }
    // A connection that breaks while nothing runs on it says so by an event, which would end the process if nobody heard it.
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    client.on('error', onError);
    try {
      await client.query(command(`begin isolation level read committed read write; ${settings}`));
      const result = await work({
        run: async <Answer>(statement: Statement<Answer>, values: readonly PostgresValue[]) =>
          JSON.parse(answerIn(await client.query(this.#query(statement, values)))) as Answer,
        command: async (text) => void (await client.query(command(text))),
      });
      await client.query(command('commit'));
      return result;
    } catch (error) {
      broken ||= await client.query(command('rollback')).then(
        () => false,
        () => true,
      );
      throw storageError(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  #query({ name, text }: Statement<unknown>, values: readonly PostgresValue[]): PostgresQuery {
    const query = { text, values: values.map(storable), rowMode: 'array', types: asSent } as const;
    return this.#prepare && name !== null ? { name, ...query } : query;
  }
}

/** A transaction of ours. */
export interface Transaction extends Runner {
  /** Runs commands that answer nothing, such as those that change tables. */
  readonly command: (text: string) => Promise<void>;
}

function command(text: string): PostgresQuery {
  return { text, values: [], rowMode: 'array', types: asSent };
}

function answerIn({ rows }: PostgresResult): string {
  return rows[0]?.[0] ?? 'null';
}

/** PostgreSQL keeps no text with the character zero in it. */
function storable(value: PostgresValue): PostgresValue {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

/**
 * What a statement works on, as JSON. Texts inside it that PostgreSQL could not keep, with the character zero or with
 * half of a surrogate pair, are made storable.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u0000') && !text.includes('\\ud')) return text;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? storable(part.toWellFormed()) : part));
}
