import { HookwellError } from '@hookwell/core';
import type { PostgresRateLimitsOptions } from './options.ts';
import type { RateLimitQuery } from './pool.ts';
import { statementsIn } from './sql.ts';

/** Runs a statement and answers its rows. */
export type Ask = (query: RateLimitQuery) => Promise<readonly unknown[]>;

const undefinedTable = '42P01';
const undefinedSchema = '3F000';
/** What one of two processes is told that make the same thing at once. */
const alreadyThere = new Set(['23505', '42710', '42P06', '42P07']);
/** What passes when the statement is run again: it happens where the host's transactions are not `read committed`. */
const inTheWay = new Set(['40001', '40P01']);

/**
 * Makes what asks the database, and waits for no answer longer than `timeoutMs`. While it does not answer, it is asked once in
 * that time, and every other call fails at once: what waits for a connection that never comes would only pile up.
 *
 * @throws {HookwellError} the answered function: `storage_busy` when there was no answer in time, `storage_failed` for all else
 */
export function database(options: PostgresRateLimitsOptions): Ask {
  const { pool, schema, migrate, timeoutMs, monotonicNow, onError } = options;
  const { createSchema, createTable } = statementsIn(schema);
  let failed: HookwellError | null = null;
  let nextTryAt = 0;
  let making: Promise<void> | null = null;

  const run: Ask = async (query) => (await pool.query(query)).rows;

  async function make(text: string): Promise<void> {
    try {
      await run({ text, values: [] });
    } catch (error) {
      if (!alreadyThere.has(codeOf(error))) throw error;
    }
  }

  async function makeTable(): Promise<void> {
    try {
      await make(createTable);
    } catch (error) {
      if (codeOf(error) !== undefinedSchema) throw error;
      await make(createSchema);
      await make(createTable);
    }
  }

  async function runWithTable(query: RateLimitQuery, isGivenUp: () => boolean): Promise<readonly unknown[]> {
    for (let made = false; ;) {
      try {
        return await run(query);
      } catch (error) {
        if (isGivenUp()) throw error;
        if (inTheWay.has(codeOf(error))) continue;
        if (made || !migrate || codeOf(error) !== undefinedTable) throw error;
        made = true;
        making ??= makeTable();
        await making;
      }
    }
  }

  return async (query) => {
    if (failed) {
      if (monotonicNow() < nextTryAt) throw failed;
      nextTryAt = monotonicNow() + timeoutMs;
    }
    const late = Symbol('late');
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    try {
      const deadline = new Promise<typeof late>((resolve) => {
        timer = setTimeout(() => {
          isLate = true;
          resolve(late);
        }, timeoutMs).unref();
      });
      const rows = await Promise.race([runWithTable(query, () => isLate), deadline]);
      if (rows === late) throw new HookwellError('storage_busy', tooLate(timeoutMs));
      failed = null;
      making = null;
      return rows;
    } catch (error) {
      // It may wait on a connection that never says a word again.
      making = null;
      failed = errorOf(error, schema);
      nextTryAt = monotonicNow() + timeoutMs;
      tell(onError, failed);
      throw failed;
    } finally {
      clearTimeout(timer);
    }
  };
}

const tooLate = (timeoutMs: number): string =>
  `The database that counts requests did not answer within ${timeoutMs} ms. Look whether it runs and whether the pool has a connection free, or raise the option "timeoutMs" of postgresRateLimits.`;

function errorOf(error: unknown, schema: string): HookwellError {
  if (HookwellError.is(error)) return error;
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  return new HookwellError(
    'storage_failed',
    `The database that counts requests failed: ${said}.${wayOut(codeOf(error), schema)}`,
    {
      cause: error,
    },
  );
}

function wayOut(code: string, schema: string): string {
  if (code === undefinedTable)
    return ` Run the SQL of postgresRateLimitsSql({ schema: "${schema}" }), or leave "migrate: false" out.`;
  if (code === '42501') {
    return ` Let a role that may do so run the SQL of postgresRateLimitsSql({ schema: "${schema}" }), and grant usage of the schema and select, insert, update and delete on the table to this one.`;
  }
  return '';
}

/** The SQLSTATE of what a driver threw; empty when it has none. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A listener that throws must not cost the request that met the error. */
function tell(onError: (error: unknown) => void, error: HookwellError): void {
  try {
    onError(error);
  } catch {
    // What a listener of the host's throws is nobody's to hear.
  }
}
