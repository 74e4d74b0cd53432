import Type, { type Static, type TObject, type TSchema } from 'typebox';
import Value from 'typebox/value';
import { HookwellError } from './errors.ts';
import { lateOptions } from './late-options.ts';
import type { Catalog } from './model/catalog.ts';
import { shown } from './model/shown.ts';
import { listed, suggestion } from './model/suggestion.ts';
import type { Plugin } from './plugin.ts';
import { policyOptions } from './policy-options.ts';
import { ReplayOptionsSchema } from './replay-options.ts';
import type { StorageAdapter } from './storage-adapter.ts';
import type { TransportAdapter } from './transport-adapter.ts';

const closed = { additionalProperties: false } as const;
const second = 1_000;
const hour = 3_600_000;

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
      description: 'Requests in flight at once, over all lanes that are not slow. Retries may be three in ten of them.',
    }),
    laneConcurrency: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: 10_000,
      description:
        'The most requests in flight at once to one subscription. Each begins with two, gets more while it answers as fast as ever, and half as many with each failure.',
    }),
    accountConcurrency: Type.Integer({
      default: 80,
      minimum: 1,
      maximum: 10_000,
      description: 'The most requests in flight at once to the subscriptions of one account.',
    }),
    slowAfterMs: Type.Integer({
      default: second,
      minimum: 1,
      maximum: hour,
      description:
        'How long a request counts among those of `concurrency`. One that takes longer counts among those of `slowConcurrency`, as do all that follow to its subscription until one is answered sooner.',
    }),
    slowConcurrency: Type.Integer({
      default: 400,
      minimum: 1,
      maximum: 10_000,
      description: 'Requests in flight at once to slow subscriptions, over all lanes; one account may have half of them.',
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
    maxEmitWaitMs: Type.Integer({
      default: 100,
      minimum: 0,
      maximum: 60 * second,
      description:
        'How long an emit may be kept waiting while `maxDeliveriesInMemory` are there, so that what is stored next can be sent from memory. 0 keeps none waiting.',
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
    hookTimeoutMs: Type.Integer({
      default: 10 * second,
      minimum: 1,
      maximum: hour,
      description:
        'How long a hook of a plugin may take to answer a promise, in `start`, `subscribe`, `emit`, `match` and `stop`; then it counts as one that has thrown.',
    }),
    ...lateOptions,
    ...policyOptions,
    replay: ReplayOptionsSchema,
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

/** A type of which everything may be left out, at every depth. */
type DeepPartial<Value> = Value extends (...parameters: never[]) => unknown
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly Item[]
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
      const is = property.writeOnly ? ', which is not shown,' : ` is ${shown(value)}, but it`;
      const text = `${owner}: option "${where}"${is} ${problem.message}. ${property.description ?? ''}`.trim();
      throw new HookwellError('invalid_option', text, property.writeOnly ? {} : { value });
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}

interface OptionKeywords {
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: object;
  /** Of a secret, as JSON Schema has it. */
  readonly writeOnly?: boolean;
}
