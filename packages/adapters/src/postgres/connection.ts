import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult, PostgresValue } from './driver.ts';
import type { Runner, Statement } from './statement.ts';
import { storageError } from './storage-error.ts';

/** Values arrive as they were sent, whatever parsers the host has set for its own queries. */
const asSent = { getTypeParser: () => String } as const;

/** Sends a query and answers its rows: a pool does, a client does, and so does a transaction of the host's. */
type Send = (query: PostgresQuery) => Promise<PostgresResult>;

/** Runs statements on whatever can send queries, and turns errors into ours. */
function runnerOn(send: Send, prepare: boolean): Runner {
  return {
    async run<Answer>({ name, text }: Statement<Answer>, values: readonly PostgresValue[]): Promise<Answer> {
      const query = { text, values: values.map(storable), rowMode: 'array', types: asSent } as const;
      try {
        const { rows } = await send(prepare && name !== null ? { name, ...query } : query);
        return JSON.parse(rows[0]?.[0] ?? 'null') as Answer;
      } catch (error) {
        throw storageError(error);
      }
    },
  };
}

/** A transaction of ours. */
export interface Transaction extends Runner {
  /** Runs commands that answer nothing, such as those that change tables. */
  readonly command: (text: string) => Promise<void>;
}

/** The host's pool: runs statements, each a transaction of its own, or several of them in one. */
export class Connection implements Runner {
  readonly run: Runner['run'];
  readonly #pool: PostgresPool;
  readonly #prepare: boolean;

  constructor(pool: PostgresPool, { prepare }: { readonly prepare: boolean }) {
    this.#pool = pool;
    this.#prepare = prepare;
    this.run = runnerOn(async (query) => pool.query(query), prepare).run;
  }

  /**
   * Runs work in a transaction of its own, all or nothing.
   *
   * @param settings further commands at its beginning, e.g. `set local lock_timeout = 100`
   */
  async transact<Result>(work: (transaction: Transaction) => Promise<Result>, settings = ''): Promise<Result> {
    // A connection that breaks while nothing runs on it says so by an event, which would end the process if nobody heard it.
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    const client = await lend(this.#pool, onError);
    const { run } = runnerOn(async (query) => client.query(query), this.#prepare);
    const command = async (text: string): Promise<void> => {
      await client.query({ text, values: [], rowMode: 'array', types: asSent });
    };
    try {
      await command(`begin isolation level read committed read write; ${settings}`);
      const result = await work({ run, command });
      await command('commit');
      return result;
    } catch (error) {
      broken ||= await command('rollback').then(
        () => false,
        () => true,
      );
      throw storageError(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}

/**
 * Takes a client out of a pool, with a listener for its errors from the very turn in which the pool hands it out.
 *
 * @throws {HookwellError} `storage_busy`, `storage_failed`
 */
export async function lend(pool: PostgresPool, onError: (error: Error) => void): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    const take = (client: PostgresClient): void => {
      client.on('error', onError);
      resolve(client);
    };
    const refuse = (error: unknown): void => reject(storageError(error));
    const answer = pool.connect((error, client) => (client ? take(client) : refuse(error)));
    answer?.then(take, refuse);
  });
}

/** PostgreSQL keeps no text with the character zero in it. */
export function storable(value: PostgresValue): PostgresValue {
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
