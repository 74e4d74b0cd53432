import type {
  Claim,
  ClaimResult,
  CutResult,
  EventPage,
  EventSearch,
  HealthState,
  HeldBounds,
  OutcomeKind,
  ReplayClaims,
  ReplayPage,
  ReplayRow,
  ReplaySearch,
  StorageAdapter,
  StoredEvent,
  Subscription,
} from '@hookwell/core';
import type { TestClock } from '@hookwell/core/testing';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

/** A call that can be made to several storages, and what is to be learned from its answer for later calls. */
export interface RandomCall {
  readonly name: string;
  readonly call: (storage: StorageAdapter) => Promise<unknown>;
  readonly learn: (answer: unknown) => void;
}

const span = 60_000;
const finalOutcomes = ['delivered', 'failed', 'cancelled'] as const;
const fields = {
  listSubscriptions: ['id', 'url', 'topic', 'health', 'lastAttemptAt', 'lastStatus', 'createdAt'],
  listDeliveries: ['id', 'subscriptionId', 'attempts', 'failures', 'createdAt', 'dueAt'],
  listAttempts: ['id', 'subscriptionId', 'deliveryId', 'outcome', 'status', 'startedAt'],
} as const;

/** Calls in a random order that is the same for the same seed, about what earlier calls have made. */
export function makeCalls(seed: number, clock: TestClock) {
  let state = seed;
  /** Mulberry32. */
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(random() * count);
  const one = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)];
  const some = <Item>(items: readonly Item[], chance: number): Item[] => items.filter(() => random() < chance);
  const account = (): string => (random() < 0.8 ? 'a' : 'b');

  const subscriptions = new Map<number, Subscription>();
  let claims: Claim[] = [];
  let replays: ReplayClaims['claims'] = [];
  const deliveryIds: string[] = [];
  const eventIds: string[] = [];
  const answered = new Map<string, number>();
  let names = 0;
  const known = (): Subscription[] => [...subscriptions.values()];
  const learnRows = (rows: readonly (Subscription | null)[]): void => {
    for (const row of rows) if (row) subscriptions.set(row.id, row);
  };

  const kinds: readonly [weight: number, name: keyof StorageAdapter, make: () => Omit<RandomCall, 'name'>][] = [
    [
      4,
      'createSubscription',
      () => {
        const attributes: Record<string, string> = random() < 0.5 ? {} : { 'name 1': `text ${below(9)}` };
        const ordering = one(['none', 'record', 'subscription'] as const) ?? 'none';
        const wish = {
          accountId: account(),
          topic: `sub_tag(${below(3)})`,
          url: `https://example.com/${below(5)}`,
          attributes,
          ordering,
        };
        return { call: async (storage) => subscribe(storage, wish), learn: (row) => learnRows([row as Subscription]) };
      },
    ],
    [
      3,
      'updateSubscription',
      () => {
        const [accountId, id, url] = [account(), one(known())?.id ?? 7, `https://example.com/${below(5)}`];
        const attributes = { [`name ${below(3)}`]: one(['x', 'y', null]) ?? null };
        const changes =
          one([
            { url },
            { ordering: 'record' as const },
            { topic: `sub_tag(${below(3)})` },
            { attributes },
            { data: 'x', format: 'notify', attributes },
          ]) ?? {};
        return {
          call: async (storage) => storage.updateSubscription(accountId, id, changes),
          learn: (row) => learnRows([row as Subscription | null]),
        };
      },
    ],
    [
      1,
      'endSubscription',
      () => {
        const [accountId, id] = [account(), one(known())?.id ?? 7];
        return {
          call: async (storage) => storage.endSubscription(accountId, id, 'it is over'),
          learn: (row) => learnRows([row as Subscription | null]),
        };
      },
    ],
    [
      3,
      'findSubscriptions',
      () => {
        const keys = Array.from({ length: below(4) }, () => ({ accountId: account(), topic: `sub_tag(${below(3)})` }));
        const find = async (storage: StorageAdapter) => byId(await storage.findSubscriptions(keys));
        return { call: find, learn: (rows) => learnRows(rows as Subscription[]) };
      },
    ],
    [
      12,
      'storeEvents',
      () => {
        const accountId = account();
        const living = known().filter((row) => row.health !== 'unsubscribed' && row.accountId === accountId);
        const lanes = Array.from({ length: below(6) }, () => one(living)?.id).filter((id) => id !== undefined);
        const name = random() < 0.05 ? `n${below(names + 1)}` : `n${(names += 1)}`;
        const metadata: Record<string, string> = random() < 0.5 ? {} : { traceparent: name };
        const given = { idempotencyKey: random() < 0.3 ? `key ${below(8)}` : null, leased: random() < 0.3, metadata };
        const batch = batchFor(name, lanes, { accountId, topic: `sub_tag(${below(3)})`, ...given });
        const waits = (): object => (random() < 0.2 ? { coalesceKey: `record ${below(3)}`, dueInMs: below(3) * span } : {});
        const order = (): object => (random() < 0.5 ? {} : { orderKey: one(['all', '0:1', '0:2']) });
        const deliveries = batch.deliveries.map((delivery) =>
          Object.assign(delivery, { accountId }, delivery.leased ? {} : { ...waits(), ...order() }),
        );
        deliveryIds.push(...deliveries.map(({ id }) => id));
        eventIds.push(...batch.events.map(({ id }) => id));
        return { call: async (storage) => storage.storeEvents({ ...batch, deliveries, leaseMs: span }), learn: () => undefined };
      },
    ],
    [
      10,
      'claimDeliveries',
      () => {
        const lanes = new Map(some(known(), 0.3).map(({ id }) => [id, below(4)]));
        const bounds = { limit: below(12), perLane: below(5), lanes, after: below(subscriptions.size + 2) };
        const request = claimRequest({ fence: `f${below(1e9)}`, leaseMs: span, ...bounds });
        const learn = (answer: unknown): void => {
          const result = answer as ClaimResult;
          claims = [...claims, ...result.claims].slice(-60);
          learnRows(result.subscriptions);
        };
        // Which lane was the last one, of those in which there is nothing to claim, is not promised.
        const claim = async (storage: StorageAdapter) => {
          const result = await storage.claimDeliveries(request);
          return result.more && result.claims.length > 0 ? result : { ...result, cursor: 0 };
        };
        return { call: claim, learn };
      },
    ],
    [
      10,
      'recordOutcomes',
      () => {
        const outcomes = some(claims, 0.2).map((claim) => {
          const outcome = one<OutcomeKind>(['delivered', 'retry', 'retry', 'failed', 'cancelled']) ?? 'retry';
          return outcomeOf(claim, {
            outcome,
            retryInMs: outcome === 'retry' ? below(4) * span : null,
            number: random() < 0.1 ? 0 : claim.attempts + 1,
            status: 200 + below(400),
            startedAt: clock.now() - below(5),
            durationMs: below(20_000),
            countsAgainstDelivery: random() < 0.5,
            endpoint: one(['answered', 'failed', 'failed', 'unknown'] as const) ?? 'unknown',
            pauseLaneMs: random() < 0.2 ? below(3) * span : 0,
          });
        });
        const record = async (storage: StorageAdapter) => {
          const result = await storage.recordOutcomes(outcomes);
          return { ...result, subscriptions: byId(result.subscriptions) };
        };
        return { call: record, learn: (result) => learnRows((result as { subscriptions: Subscription[] }).subscriptions) };
      },
    ],
    [
      4,
      'moveHealth',
      () => {
        const moves = some(known(), 0.15).map(({ id: subscriptionId, healthVersion }) => {
          const health =
            one<HealthState>(['healthy', 'failing', 'suspended', 'suspended', 'paused', 'unsubscribed']) ?? 'healthy';
          const version = random() < 0.9 ? healthVersion : below(5);
          return { subscriptionId, healthVersion: version, health, reason: 'x', pauseLaneMs: one([null, 0, span]) ?? null };
        });
        return { call: async (storage) => storage.moveHealth(moves), learn: (rows) => learnRows(rows as Subscription[]) };
      },
    ],
    [
      3,
      'releaseDeliveries',
      () => {
        const leases = some(claims, 0.1).map(({ id: deliveryId, fence }) => ({ deliveryId, fence }));
        return { call: async (storage) => storage.releaseDeliveries(leases), learn: () => undefined };
      },
    ],
    [5, 'nextDueInMs', () => ({ call: async (storage) => storage.nextDueInMs(), learn: () => undefined })],
    ...(['listSubscriptions', 'listDeliveries', 'listAttempts'] as const).map((name): (typeof kinds)[number] => [
      4,
      name,
      () => {
        const [accountId, field] = [account(), one(fields[name]) ?? 'id'];
        const sort = { field, direction: random() < 0.5 ? 'asc' : 'desc' };
        const which = one(['active', 'active', 'ended', 'all']);
        const query = { which, where: null, sort, offset: below(3), limit: below(20) };
        const list = async (storage: StorageAdapter) => storage[name](accountId, query as never);
        return { call: list, learn: () => undefined };
      },
    ]),
    [
      2,
      'countAttempts',
      () => {
        const [accountId, subscriptionId] = [account(), random() < 0.5 ? null : (one(known())?.id ?? 7)];
        const query = { from: clock.now() - below(60 * span), until: clock.now(), everyMs: 1 + below(10 * span), subscriptionId };
        return { call: async (storage) => storage.countAttempts(accountId, query), learn: () => undefined };
      },
    ],
    [
      2,
      'countDeliveries',
      () => {
        const accountId = account();
        return { call: async (storage) => storage.countDeliveries(accountId, 3), learn: () => undefined };
      },
    ],
    [
      3,
      'findEvents',
      () => {
        const [accountId, ids] = [account(), [...some(eventIds, 0.05), 'unknown']];
        return { call: async (storage) => byId(await storage.findEvents(accountId, ids)), learn: () => undefined };
      },
    ],
    [
      3,
      'listEvents',
      () => {
        const [accountId, topic] = [account(), random() < 0.5 ? null : `sub_tag(${below(3)})`];
        const search = { topic, limit: 1 + below(20), looks: 1 + below(40) };
        return { call: async (storage) => byId(await listAllEvents(storage, accountId, search)), learn: () => undefined };
      },
    ],
    [
      3,
      'replayDelivery',
      () => {
        const [accountId, id] = [account(), one(deliveryIds) ?? 'unknown'];
        return { call: async (storage) => storage.replayDelivery(accountId, id), learn: () => undefined };
      },
    ],
    [
      3,
      'cancelDelivery',
      () => {
        const [accountId, id] = [account(), one(deliveryIds) ?? 'unknown'];
        return { call: async (storage) => storage.cancelDelivery(accountId, id, 'not wanted'), learn: () => undefined };
      },
    ],
    [
      1,
      'cutClosedLanes',
      () => {
        const request = { maxPerLane: 1 + below(6), maxAgeMs: below(40) * span, limit: 1 + below(20) };
        return { call: async (storage) => cutAll(storage, request), learn: () => undefined };
      },
    ],
    [
      2,
      'createReplay',
      () => {
        const filter = {
          subscriptionId: null,
          topic: null,
          record: null,
          from: 0,
          until: null,
          outcomes: finalOutcomes,
          missing: true,
        };
        const given = { id: `r${(names += 1)}`, accountId: account(), filter, pacePerSecond: 9 };
        return { call: async (storage) => storage.createReplay(given), learn: () => undefined };
      },
    ],
    [
      3,
      'findReplayable',
      () => {
        const [accountId, topic] = [account(), random() < 0.5 ? null : `sub_tag(${below(3)})`];
        const [subscriptionId, from] = [random() < 0.7 ? null : (one(known())?.id ?? 7), clock.now() - below(50 * span)];
        const filter = {
          subscriptionId,
          topic,
          from,
          until: random() < 0.5 ? null : clock.now(),
          outcomes: some(finalOutcomes, 0.7),
        };
        const looksAt = random() < 0.5 ? 'finished' : 'missing';
        const search = {
          looksAt,
          filter,
          lastLine: random() < 0.7 ? null : below(400),
          after: '',
          limit: 1 + below(90),
        } as const;
        return { call: async (storage) => findAll(storage, accountId, search), learn: () => undefined };
      },
    ],
    [
      4,
      'claimReplays',
      () => {
        const request = { fence: `f${below(1e9)}`, leaseMs: span, limit: 1 + below(3) };
        const learn = (answer: unknown): void => {
          replays = [...replays, ...(answer as ReplayClaims).claims].slice(-9);
        };
        return { call: async (storage) => storage.claimReplays(request), learn };
      },
    ],
    [
      4,
      'advanceReplays',
      () => {
        const steps = some(replays, 0.4).map(({ replay: { id, steps: made, queued }, fence }) => {
          const [again, lane, event] = [some(deliveryIds, 0.05), one(known())?.id ?? 7, one(eventIds) ?? 'unknown'];
          const anew = [{ id: `d${(names += 1)}`, subscriptionId: lane, eventId: event }];
          const place = { looksAt: queued < 9 ? 'finished' : 'nothing', after: '[3]' } as const;
          const end = random() < 0.2 ? ({ state: 'done', reason: '' } as const) : null;
          return { id, fence, steps: made, place, again, anew, waitMs: below(2 * span), end };
        });
        return { call: async (storage) => storage.advanceReplays(steps), learn: () => undefined };
      },
    ],
    [
      2,
      'prune',
      () => {
        const ages = { deliveredAfterMs: below(40) * span, failedAfterMs: below(60) * span };
        const apart = some(['a', 'b'], 0.3).map((accountId) => {
          const [deliveredAfterMs, failedAfterMs] = [below(60) * span, below(60) * span];
          return { accountId, deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount: 20 + below(100) };
        });
        const request = { ...ages, maxAttemptsPerAccount: 50 + below(100), accounts: apart, limit: 1 + below(50) };
        return { call: async (storage) => pruneAll(storage, request), learn: () => undefined };
      },
    ],
  ];
  const deck = kinds.flatMap(([weight, name, make]) => Array.from({ length: weight }, () => ({ name, make })));

  return {
    /** How often each member has answered. */
    answered,
    next(): RandomCall {
      if (random() < 0.3) clock.move(below(2 * span));
      const { name, make } = one(deck)!;
      const { call, learn } = make();
      return {
        name,
        call,
        learn(answer) {
          if (answer !== null && typeof answer === 'object' && 'code' in answer) return;
          answered.set(name, (answered.get(name) ?? 0) + 1);
          learn(answer);
        },
      };
    },
  };
}

function byId<Row extends { readonly id: string | number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What went of each lane in the end; in which call is not promised. */
async function cutAll(storage: StorageAdapter, request: HeldBounds & { readonly limit: number }): Promise<unknown> {
  const went: Record<number, [number, number]> = {};
  for (let after: number | null = 0; after !== null;) {
    const { cuts, cursor }: CutResult = await storage.cutClosedLanes({ ...request, after });
    for (const { subscription, tooMany, tooOld } of cuts) {
      const sum = (went[subscription.id] ??= [0, 0]);
      sum[0] += tooMany;
      sum[1] += tooOld;
    }
    after = cursor;
  }
  return went;
}

/** How far each part looks, and what it calls its places, is not promised, so only what is found in the end is compared. */
async function findAll(
  storage: StorageAdapter,
  accountId: string,
  search: ReplaySearch,
): Promise<readonly Omit<ReplayRow, 'after'>[]> {
  const rows: Omit<ReplayRow, 'after'>[] = [];
  for (let after: string | null = search.after; after !== null;) {
    const page: ReplayPage = await storage.findReplayable(accountId, { ...search, after });
    rows.push(...page.rows.map(({ after: _after, ...row }) => row));
    ({ after } = page);
  }
  return rows;
}

/** How far each part goes is not promised to the row, so only what is found in the end is compared. */
async function listAllEvents(
  storage: StorageAdapter,
  accountId: string,
  search: Omit<EventSearch, 'after'>,
): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: EventPage = await storage.listEvents(accountId, { ...search, after });
    events.push(...page.events);
    ({ after } = page);
  }
  return events;
}

/** In which order rows go is not promised, so only what goes in the end is compared. */
async function pruneAll(storage: StorageAdapter, request: Parameters<StorageAdapter['prune']>[0]): Promise<number[]> {
  const sum = [0, 0, 0];
  for (;;) {
    const { attempts, events, subscriptions } = await storage.prune(request);
    if (attempts + events + subscriptions === 0) return sum;
    for (const [index, count] of [attempts, events, subscriptions].entries()) sum[index]! += count;
  }
}
