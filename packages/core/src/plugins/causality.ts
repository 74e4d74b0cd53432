import { AsyncLocalStorage } from 'node:async_hooks';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError } from '../errors.ts';
import {
  causeHeader,
  chainOfRequest,
  longestChain,
  readChain,
  withCause,
  writeChain,
  type IncomingHeaders,
} from '../model/cause-chain.ts';
import type { StoredEvent } from '../model/event.ts';
import { shown } from '../model/shown.ts';
import type { OptionsInput } from '../options.ts';
import type { Plugin, PluginContext } from '../plugin.ts';

/** What metadata of an event its chain is kept in. */
const metadataName = 'cause';

/** The options of `causality`: type, default and manual in one. */
export const CausalityOptionsSchema = Type.Object(
  {
    maxDepth: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: longestChain - 1,
      description:
        'How many deliveries may lead to an event, each to the next one. An event that more of them have led to is stored, and delivered to nobody.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `causality` as a host writes them. */
export type CausalityOptions = OptionsInput<Static<typeof CausalityOptionsSchema>>;

/** Knows what led to what. */
export interface CauseKeeper {
  /**
   * Calls `work`, and lets every event that is emitted by it, now or later on, inherit the chain of a request that was
   * received: of its headers `webhook-cause` and `webhook-id`. Answers what `work` does. Check the request's signature before.
   * @throws {HookwellError} `invalid_input` when the headers are no object, or `work` is no function
   */
  readonly follow: <Answer>(headers: IncomingHeaders, work: () => Answer) => Answer;
  /**
   * The chain that an event emitted here would inherit, as a value for the header `webhook-cause`: to be kept with a job that
   * another process does, which gives it to `follow`. Null when there is none.
   */
  readonly current: () => string | null;
  /** The ids of the deliveries that have led to an event, the oldest first: the nearest 32 of them. Empty for most. */
  readonly causesOf: (event: Pick<StoredEvent, 'metadata'>) => readonly string[];
}

/**
 * Cuts loops between systems that have subscribed to each other. Each delivery carries the header `webhook-cause`: the ids of
 * the deliveries that have led to it, its own included. What a host emits while it handles a delivery inherits them, by way of
 * `follow`. An event that more than `maxDepth` deliveries have led to is stored and is delivered to nobody; its emit does not
 * fail, and it is told as `event:cut` on `engine.events`.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * const causes = causality()
 * const engine = createEngine({ …, plugins: [causes] })
 * app.use('/hooks', (request, response, next) => causes.follow(request.headers, next))
 */
export const causality: (options?: CausalityOptions) => Plugin & CauseKeeper = definePlugin({
  name: 'causality',
  options: CausalityOptionsSchema,
  setup,
});

function setup({ maxDepth }: Readonly<Static<typeof CausalityOptionsSchema>>): PluginSetup<CauseKeeper> {
  const following = new AsyncLocalStorage<readonly string[]>();
  /** Of events that are being stored: how many subscriptions they were cut from. */
  const cut = new WeakMap<StoredEvent, number>();
  let context: PluginContext | undefined;

  const inherited = (): readonly string[] => following.getStore() ?? [];
  const causesOf = ({ metadata }: Pick<StoredEvent, 'metadata'>): readonly string[] => {
    const text = metadata[metadataName];
    return text === undefined ? [] : readChain(text);
  };

  return {
    start(started) {
      context = started;
    },

    emit() {
      const chain = inherited();
      return chain.length === 0 ? undefined : { [metadataName]: writeChain(chain) };
    },

    match(event, subscriptions) {
      if (causesOf(event).length <= maxDepth) return subscriptions;
      cut.set(event, subscriptions.length);
      return [];
    },

    emitted({ stored, within }) {
      const subscriptions = stored ? cut.get(stored) : undefined;
      if (!stored || subscriptions === undefined) return;
      const causes = causesOf(stored);
      context?.tell('event:cut', { event: stored, causes, depth: causes.length, maxDepth, subscriptions, within });
    },

    request: ({ deliveryId, event }) => [causeHeader, writeChain(withCause(causesOf(event), deliveryId))],

    api: {
      follow(headers, work) {
        if (typeof headers !== 'object' || headers === null || typeof work !== 'function') {
          const value = typeof work === 'function' ? headers : work;
          throw new HookwellError(
            'invalid_input',
            `follow takes the headers of a request and a function, and was given ${shown(value)}; pass request.headers and what handles it.`,
            { value },
          );
        }
        return following.run(chainOfRequest(headers), work);
      },

      current() {
        const chain = inherited();
        return chain.length === 0 ? null : writeChain(chain);
      },

      causesOf,
    },
  };
}
