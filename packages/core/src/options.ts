import Type, { type Static, type TObject, type TSchema } from 'typebox';
import Value from 'typebox/value';
import { HookwellError } from './errors.ts';
import type { Catalog } from './model/catalog.ts';
import { defaultScheduleMs } from './model/retry.ts';
import { shown } from './model/shown.ts';
import { listed, suggestion } from './model/suggestion.ts';
import type { Plugin } from './plugin.ts';
import type { StorageAdapter } from './storage-adapter.ts';
import type { TransportAdapter } from './transport-adapter.ts';

const closed = { additionalProperties: false } as const;
const second = 1_000;
const hour = 3_600_000;
const day = 24 * hour;

/** The options of `createEngine`: type, default and manual in one. Times are in milliseconds. */
export const EngineOptionsSchema = Type.Object(
  {
    storage: Type.Unsafe<StorageAdapter>({ type: 'object', description: 'Where subscriptions, events and deliveries live.' }),
    transports: Type.Unsafe<readonly TransportAdapter[]>({
      type: 'array',
      description: "How payloads leave the process; the scheme of a subscription's URL picks one.",
    }),
    catalog: Type.Unsafe<Catalog>({ type: 'object', description: 'The events and object types of the CRM.' }),
    plugins: Type.Unsafe<readonly Plugin[]>({
      type: 'array',
      default: [],
      description: 'Plugins, in the order in which their hooks run.',
    }),
    concurrency: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Requests in flight at once, over all lanes.',
    }),
    laneConcurrency: Type.Integer({
      default: 25,
      minimum: 1,
      maximum: 10_000,
      description: 'Requests in flight at once to one subscription.',
    }),
    groupSize: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000,
      description: 'Deliveries claimed, stored or recorded together.',
    }),
    maxDeliveriesInMemory: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 100_000,
      description: 'Claims held by this process at once; the rest waits in the storage.',
    }),
    maxPendingEmits: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Calls of emit that may wait to be stored; one more is refused as `overloaded`.',
    }),
    leaseMs: Type.Integer({
      default: 60 * second,
      minimum: second,
      maximum: hour,
      description: 'How long a claim lasts. 80 % of it must be longer than twice the deadline of every transport.',
    }),
    recordEveryMs: Type.Integer({
      default: 2,
      minimum: 0,
      maximum: second,
      description: 'How long outcomes gather before they are written together.',
    }),
    pollEveryMs: Type.Integer({
      default: 5 * second,
      minimum: 10,
      maximum: 5 * 60 * second,
      description:
        'How often an idle engine looks for due deliveries that nobody told it of; half as often once it has looked six times in vain.',
    }),
    retry: Type.Object(
      {
        scheduleMs: Type.Array(Type.Integer({ minimum: 0, maximum: 30 * day }), {
          default: [...defaultScheduleMs],
          maxItems: 100,
          description: 'The wait after the first failure, the second, and so on; after the last one the delivery fails.',
        }),
        jitter: Type.Number({
          default: 0.1,
          minimum: 0,
          maximum: 0.9,
          description: 'How far a wait is stretched or cut at random: 0.1 for ± 10 %.',
        }),
      },
      { ...closed, default: {}, description: 'When a failed delivery is tried again.' },
    ),
    health: Type.Object(
      {
        suspendAfterFailures: Type.Integer({
          default: 10,
          minimum: 1,
          description: 'Failures in a row before a subscription can be suspended …',
        }),
        suspendAfterMs: Type.Integer({
          default: hour,
          minimum: 0,
          maximum: 365 * day,
          description: '… and for how long it must have been failing.',
        }),
        probeEveryMs: Type.Integer({
          default: 15 * 60 * second,
          minimum: 1,
          maximum: 30 * day,
          description: 'How often a suspended subscription is tried with its oldest due delivery.',
        }),
        unsubscribeAfterMs: Type.Integer({
          default: 3 * day,
          minimum: 0,
          maximum: 365 * day,
          description: 'How long it may stay suspended before it is unsubscribed.',
        }),
      },
      { ...closed, default: {}, description: 'When an endpoint with too many errors is suspended, and when unsubscribed.' },
    ),
    retention: Type.Object(
      {
        deliveredMs: Type.Integer({
          default: 2 * day,
          minimum: 0,
          maximum: 3_650 * day,
          description: 'How long the log keeps attempts that delivered.',
        }),
        failedMs: Type.Integer({
          default: 7 * day,
          minimum: 0,
          maximum: 3_650 * day,
          description: 'How long the log keeps all others.',
        }),
        maxAttemptsPerAccount: Type.Integer({
          default: 10_000,
          minimum: 0,
          description: 'Log lines kept for an account, the newest ones.',
        }),
        everyMs: Type.Integer({
          default: 60 * second,
          minimum: second,
          maximum: day,
          description:
            'How often old lines are forgotten; ever more rarely, down to a tenth, as long as there is nothing to forget.',
        }),
      },
      { ...closed, default: {}, description: 'How long finished work is kept.' },
    ),
    now: Type.Unsafe<() => number>({ default: Date.now, description: 'The clock, in milliseconds since the epoch.' }),
    monotonicNow: Type.Unsafe<() => number>({
      default: () => performance.now(),
      description: 'A clock that never jumps, in milliseconds, for leases and durations.',
    }),
    random: Type.Unsafe<() => number>({
      default: Math.random,
      description: 'Numbers from 0 (inclusive) to 1 (exclusive), for the jitter of retries.',
    }),
    newId: Type.Optional(Type.Unsafe<() => string>({ description: 'Makes ids that sort by time; UUIDv7 by default.' })),
  },
  closed,
);

/** The options of an engine with their defaults filled in. */
export type EngineOptions = Static<typeof EngineOptionsSchema>;

/** An options type as a user writes it: what has a default may be left out, at every depth. */
export type OptionsInput<Options, Required extends keyof Options = never> = {
  readonly [Key in Required]: Options[Key];
} & { readonly [Key in Exclude<keyof Options, Required>]?: DeepPartial<Options[Key]> };

type DeepPartial<Value> = Value extends readonly unknown[] | ((...parameters: never[]) => unknown)
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Value[Key] }
    : Value;

/**
 * Fills the defaults of a schema in, checks, and freezes. For authors of adapters and plugins too.
 *
 * @param owner what the message calls the function, e.g. `sqliteStorage`
 * @throws {HookwellError} `invalid_option`, naming the option, its value and the rule
 */
export function resolveOptions<Schema extends TObject>(schema: Schema, given: unknown, owner: string): Readonly<Static<Schema>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new HookwellError(
      'invalid_option',
      `${owner} takes an object of options, not ${given === null ? 'null' : typeof given}.`,
      { value: given },
    );
  }
  return resolve(schema, given as Record<string, unknown>, owner, '') as Readonly<Static<Schema>>;
}

function resolve(schema: TObject, given: Readonly<Record<string, unknown>>, owner: string, path: string): object {
  const known = Object.keys(schema.properties);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new HookwellError(
        'invalid_option',
        `${owner} has no option "${path}${name}"${suggestion(name, known)} Options: ${listed(known)}.`,
        { value: name },
      );
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties as Record<string, TSchema & OptionKeywords>)) {
    const value = given[name] === undefined ? property.default : given[name];
    if (value === undefined) {
      if (schema.required?.includes(name)) {
        throw new HookwellError(
          'invalid_option',
          `${owner} needs the option "${path}${name}": ${property.description ?? 'see docs/options.md'}`,
          { value },
        );
      }
      continue;
    }
    if (property.properties && typeof value === 'object' && value !== null) {
      resolved[name] = resolve(property as unknown as TObject, value as Record<string, unknown>, owner, `${path}${name}.`);
      continue;
    }
    const problem = Value.Errors(property, value)[0];
    if (problem) {
      const where = `${path}${name}${problem.instancePath.replaceAll('/', '.')}`;
      throw new HookwellError(
        'invalid_option',
        `${owner}: option "${where}" is ${shown(value)}, but it ${problem.message}. ${property.description ?? ''}`.trim(),
        { value },
      );
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}

interface OptionKeywords {
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: object;
}
