import { createHash } from 'node:crypto';
import { slidingLog } from '../contract/sliding-log.ts';
import type { Budget, RateLimitStore } from '../rate-limit-store.ts';
import { database } from './database.ts';
import { resolvePostgresRateLimitsOptions, type PostgresRateLimitsOptionsInput } from './options.ts';
import { statementsIn } from './sql.ts';

/** Keys that a process counts one by one while the database does not answer; those beyond share one budget. */
const maxFallbackKeys = 100_000;
const forgetEveryMs = 60_000;

/**
 * Counts requests in PostgreSQL, so that all processes on the same database share each limit: one statement for each
 * request, on the database's clock, in a window that rolls. Keys are kept as digests, and forgotten a window and about a
 * minute after their last request.
 *
 * @throws {HookwellError} `invalid_option`, naming the option, its value and the rule
 * @example
 * webhooks(engine, { authenticate, rateLimit: { store: postgresRateLimits({ pool }) } })
 */
export function postgresRateLimits(given: PostgresRateLimitsOptionsInput): RateLimitStore {
  const options = resolvePostgresRateLimitsOptions(given);
  const { schema, fallback, monotonicNow } = options;
  const statements = statementsIn(schema);
  const ask = database(options);
  const own = slidingLog({ monotonicNow, maxKeys: maxFallbackKeys });
  let forgetAt = monotonicNow() + forgetEveryMs;

  async function orOwn<Answer>(fromDatabase: () => Promise<Answer>, fromOwn: () => Answer | Promise<Answer>): Promise<Answer> {
    try {
      return await fromDatabase();
    } catch (error) {
      if (!fallback) throw error;
      return fromOwn();
    }
  }

  /** Nobody waits for it, and who failed at it has told `onError` so. */
  function forgetIdle(): void {
    if (monotonicNow() < forgetAt) return;
    forgetAt = monotonicNow() + forgetEveryMs;
    ask({ text: statements.forgetIdle, values: [] }).catch(() => undefined);
  }

  return {
    async take(key, limit) {
      const values = [digest(key), limit.limit, limit.windowMs];
      return orOwn(
        async () => {
          const [row] = await ask({ text: statements.take, values });
          forgetIdle();
          return JSON.parse((row as { readonly budget: string }).budget) as Budget;
        },
        () => own.take(key, limit),
      );
    },

    async giveBack(key) {
      await orOwn<unknown>(
        async () => ask({ text: statements.giveBack, values: [digest(key)] }),
        () => own.giveBack(key),
      );
    },
  };
}

/** Of one length, whatever a host has for ids; and no address is kept as it is. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
