import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import type { EngineEvents } from '../engine-events.ts';
import { HookwellError, messageOf } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { Catalog, ObjectType } from '../model/catalog.ts';
import type { Subscription } from '../model/subscription.ts';
import type { OptionsInput } from '../options.ts';
import type { Plugin, PluginContext } from '../plugin.ts';
import {
  cutNotice,
  healthNotice,
  noticeEvent,
  noticeTypes,
  operationalCatalog,
  operationalNotices,
  replayNotice,
  type Notice,
  type OperationalNotice,
} from './operational-notices.ts';
import { pagesOf, type Accounts, type RekeyEngine } from './rekey.ts';

const day = 86_400_000;

/** The options of `operationalWebhooks`: type, default and manual in one. */
export const OperationalWebhooksOptionsSchema = Type.Object(
  {
    accountId: Type.Optional(
      Type.Unsafe<AccountId>({
        description:
          'Whose subscriptions to `webhook_notice` are told of every account’s subscriptions and replays: an account of yours, such as "operations".',
      }),
    ),
    owners: Type.Boolean({
      default: false,
      description: 'Whether each account may subscribe to the notices of its own subscriptions and replays.',
    }),
    notices: Type.Array(Type.Enum([...operationalNotices]), {
      default: operationalNotices.filter((name) => name !== 'failing'),
      minItems: 1,
      description:
        'Which of them are sent. `failing` is told of every first failure after a good answer, and, once it is among them, `recovered` of the answer that follows.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `operationalWebhooks` as a host writes them. */
export type OperationalWebhooksOptions = OptionsInput<Static<typeof OperationalWebhooksOptionsSchema>>;

/** The part of an engine through which it is found what no notice was sent of. */
export interface CatchUpEngine {
  readonly subscriptions: Pick<RekeyEngine['subscriptions'], 'list'> & { readonly next: (subscription: Subscription) => string };
}

/** Sends notices. */
export interface OperationalNotifier {
  /**
   * Sends the notices of what the subscriptions of these accounts have become, failing, suspended, paused or unsubscribed, in
   * the last `maxAgeMs` (a day), unless they were sent: for after a crash. What was sent already is sent no second time as
   * long as its event is kept. Answers how many were sent.
   */
  readonly catchUp: (engine: CatchUpEngine, accounts: Accounts, options?: { readonly maxAgeMs?: number }) => Promise<number>;
}

/**
 * Sends notices of what becomes of subscriptions and replays as webhooks: each is an event of the engine, `webhook_notice`,
 * with deliveries that are stored, tried again, signed and logged as all others are. Those of every account go to the account
 * `accountId`, those of an account to that account with `owners`. Nothing is sent about subscriptions to notices, so that
 * notices lead to none. What cannot be stored is reported as `error` on `engine.events`.
 *
 * @throws {HookwellError} `invalid_option`, and from `start` when the catalog lacks what `operationalCatalog` has
 * @example
 * const catalog = defineCatalog({
 *   objectTypes: [...ontraportCatalog.definition.objectTypes, ...operationalCatalog.definition.objectTypes],
 *   events: { ...ontraportCatalog.definition.events, ...operationalCatalog.definition.events },
 * })
 * const engine = createEngine({ …, catalog, plugins: [operationalWebhooks({ accountId: 'operations' })] })
 * await engine.subscriptions.create({ accountId: 'operations', url, topic: 'webhook_notice(9001)' })
 */
export const operationalWebhooks: (options: OperationalWebhooksOptions) => Plugin & OperationalNotifier = definePlugin({
  name: 'operational-webhooks',
  options: OperationalWebhooksOptionsSchema,
  setup,
});

type Told = { readonly [Name in keyof EngineEvents]: Parameters<EngineEvents[Name]>[0] };

function setup(options: Readonly<Static<typeof OperationalWebhooksOptionsSchema>>): PluginSetup<OperationalNotifier> {
  const { owners, notices } = options;
  const operators = options.accountId === undefined ? null : checkAccount(options.accountId);
  if (operators === null && !owners) throw refusal('"accountId" or "owners" must be given, or nobody gets a notice', options);
  const sends = (notice: OperationalNotice): boolean => notices.includes(notice);
  /** What is being stored. */
  const pending = new Set<Promise<unknown>>();
  const stops: (() => void)[] = [];
  let context: PluginContext | undefined;
  let types: Readonly<Record<Notice['about'], ObjectType>> | undefined;

  /** Answers how many events were stored, and reports what could not be. */
  async function send({ about, accountId, event }: Notice): Promise<number> {
    let stored = 0;
    for (const account of new Set([...(operators === null ? [] : [operators]), ...(owners ? [accountId] : [])])) {
      try {
        if (!context || !types) throw new HookwellError('not_running', 'The engine has not been started.');
        const objectType = types[about].id;
        const { duplicate } = await context.emit(`${noticeEvent}(${objectType})`, { ...event, accountId: account, objectType });
        if (!duplicate) stored += 1;
      } catch (error) {
        // It was sent, with what was known then.
        if (HookwellError.is(error, 'idempotency_conflict')) continue;
        const what = `operationalWebhooks: the notice "${String(event.record['notice'])}" of ${about} ${String(event.record['id'])}`;
        context?.report(new Error(`${what} could not be stored for account "${account}": ${messageOf(error)}`, { cause: error }));
      }
    }
    return stored;
  }

  function listen<Name extends keyof EngineEvents>(name: Name, noticeOf: (told: Told[Name], at: number) => Notice | null): void {
    const listener = (told: Told[Name]): void => {
      const notice = context ? noticeOf(told, context.now()) : null;
      if (!notice) return;
      const sending = send(notice).finally(() => pending.delete(sending));
      pending.add(sending);
    };
    const { events } = context as PluginContext;
    events.on(name, listener as never);
    stops.push(() => events.off(name, listener as never));
  }

  return {
    start(started) {
      types = typesIn(started.catalog);
      context = started;
      for (const notice of healthNotices) {
        if (!sends(notice)) continue;
        listen(`subscription:${notice}`, (told, at) => {
          if (isNotice(told.subscription)) return null;
          if ('from' in told && told.from === 'failing' && !sends('failing')) return null;
          return healthNotice(notice, told, at);
        });
      }
      if (sends('cut')) listen('subscription:cut', (cut, at) => (isNotice(cut.subscription) ? null : cutNotice(cut, at)));
      for (const [name, notice] of replayNotices) {
        if (sends(notice)) listen(name, (told, at) => replayNotice(notice, told, at));
      }
    },

    subscribe({ accountId, topic }) {
      if (!isNotice({ topic }) || owners || accountId === operators) return;
      throw new HookwellError('not_permitted', `Notices of "${topic}" are for the operators alone; subscribe to another event.`, {
        value: topic,
      });
    },

    async stop() {
      for (const stop of stops.splice(0)) stop();
      await Promise.all(pending);
    },

    api: {
      async catchUp(engine, accounts, { maxAgeMs = day } = {}) {
        let sent = 0;
        for await (const rows of pagesOf(engine, accounts, 'all')) {
          const since = (context?.now() ?? 0) - maxAgeMs;
          for (const subscription of rows) {
            const { health, healthReason: reason, healthSince } = subscription;
            if (health === 'healthy' || !sends(health) || healthSince < since || isNotice(subscription)) continue;
            sent += await send(
              healthNotice(health, { subscription, reason, next: engine.subscriptions.next(subscription) }, healthSince),
            );
          }
        }
        return sent;
      },
    },
  };
}

const healthNotices = ['failing', 'warning', 'suspended', 'recovered', 'paused', 'resumed', 'unsubscribed'] as const;

const replayNotices = [
  ['replay:completed', 'replay_completed'],
  ['replay:failed', 'replay_failed'],
  ['replay:cancelled', 'replay_cancelled'],
] as const;

function isNotice({ topic }: Pick<Subscription, 'topic'>): boolean {
  return topic.startsWith(`${noticeEvent}(`);
}

function checkAccount(accountId: unknown): string {
  try {
    return checkAccountId(accountId as AccountId);
  } catch (error) {
    throw refusal(messageOf(error), accountId);
  }
}

/** @throws {HookwellError} `invalid_option` for a catalog in which something of the notices is missing */
function typesIn(catalog: Catalog): Readonly<Record<Notice['about'], ObjectType>> {
  const event = catalog.events.get(noticeEvent);
  if (event?.parameter !== null) throw refusal(`the catalog has no event "${noticeEvent}": ${howToSpread}`, event);
  const find = (name: string): ObjectType => {
    const found = [...catalog.objectTypes.values()].find((type) => type.name === name);
    const wanted = [...operationalCatalog.objectTypes.values()].find((type) => type.name === name)?.fields ?? [];
    const missing = wanted.find((field) => !found?.fields.includes(field));
    if (found && missing === undefined) return found;
    throw refusal(`the catalog has no object type "${name}" with the field "${missing}": ${howToSpread}`, name);
  };
  return { subscription: find(noticeTypes.subscription), replay: find(noticeTypes.replay) };
}

const howToSpread = 'spread both parts of operationalCatalog.definition into your defineCatalog';

function refusal(problem: string, value: unknown): HookwellError {
  return new HookwellError('invalid_option', `operationalWebhooks: ${problem}.`, { value });
}
