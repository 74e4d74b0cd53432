import { HookwellError, resolveOptions } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import type { RateLimitPool } from './pool.ts';

/** The option `schema` of `postgresRateLimits` and of `postgresRateLimitsSql`. */
const schema = Type.String({
  default: 'hookwell_limits',
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
  description:
    'The schema that its table `rate_limits` is in: letters, digits and underscores. Every process that is given the same one shares the same limits.',
});

/** The options of `postgresRateLimits`: type, default and manual in one. Times are in milliseconds. */
export const PostgresRateLimitsOptionsSchema = Type.Object(
  {
    pool: Type.Unsafe<RateLimitPool>({
      type: 'object',
      description:
        "The host's own pool of pg. Its settings and type parsers are left alone. Each request that is counted takes one of its connections for one statement.",
    }),
    schema,
    migrate: Type.Boolean({
      default: true,
      description:
        'Whether the schema and the table are made when the first request finds that they are not there. When false, run the SQL of `postgresRateLimitsSql()` yourself.',
    }),
    timeoutMs: Type.Integer({
      default: 1_000,
      minimum: 10,
      maximum: 60_000,
      description:
        'How long a request waits for the database. After a call that failed or took longer the database is left alone for as long, and then asked by one request at a time until it answers.',
    }),
    fallback: Type.Boolean({
      default: true,
      description:
        'Whether each process counts by itself while the database does not answer: the limit holds, but in each process on its own. When false, such requests are refused with 500.',
    }),
    monotonicNow: Type.Unsafe<() => number>({
      default: () => performance.now(),
      description:
        'A clock that never jumps, in milliseconds, for what happens while the database does not answer. Windows go by the clock of the database.',
    }),
    onError: Type.Unsafe<(error: unknown) => void>({
      default: () => undefined,
      description:
        'Told of every call that the database did not answer, at most about one in `timeoutMs` while it stays like that.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `postgresRateLimits` with their defaults filled in. */
export type PostgresRateLimitsOptions = Readonly<Static<typeof PostgresRateLimitsOptionsSchema>>;

/** The options of `postgresRateLimits` as a host writes them. */
export type PostgresRateLimitsOptionsInput = Pick<PostgresRateLimitsOptions, 'pool'> & Partial<PostgresRateLimitsOptions>;

/** The options of `postgresRateLimitsSql`: type, default and manual in one. */
export const PostgresRateLimitsSqlOptionsSchema = Type.Object({ schema }, { additionalProperties: false });

/** The options of `postgresRateLimitsSql` as a host writes them. */
export type PostgresRateLimitsSqlOptionsInput = Partial<Static<typeof PostgresRateLimitsSqlOptionsSchema>>;

/** The options filled in and checked. @throws {HookwellError} `invalid_option`, naming the option, its value and the rule */
export function resolvePostgresRateLimitsOptions(given: PostgresRateLimitsOptionsInput): PostgresRateLimitsOptions {
  const options = resolveOptions(PostgresRateLimitsOptionsSchema, given, 'postgresRateLimits');
  if (typeof options.pool.query !== 'function') {
    throw new HookwellError(
      'invalid_option',
      'postgresRateLimits: option "pool" is not a pool of pg; pass what `new Pool({ connectionString })` of pg returned.',
    );
  }
  for (const name of ['monotonicNow', 'onError'] as const) {
    if (typeof options[name] === 'function') continue;
    throw new HookwellError('invalid_option', `postgresRateLimits: option "${name}" is not a function.`, {
      value: options[name],
    });
  }
  return options;
}
