import { randomUUID } from 'node:crypto';
import { HookwellError, type StorageAdapter } from '@hookwell/core';
import type { AccountRunner } from './account-calls.ts';
import { prepareClaimDeliveries } from './claim-deliveries.ts';
import type { Connection } from './connection.ts';
import { prepareCutClosedLanes } from './cut-closed-lanes.ts';
import { prepareCounts } from './counts.ts';
import { prepareEraseRecord } from './erase-record.ts';
import { prepareExpireBodies } from './expire-bodies.ts';
import { prepareManageDeliveries } from './manage-deliveries.ts';
import { prepareFindReplayable } from './find-replayable.ts';
import { joinTransaction } from './join.ts';
import { channelOf, Listener } from './listener.ts';
import { prepareKeys } from './keys.ts';
import { namesIn } from './names.ts';
import { prepareListEvents } from './list-events.ts';
import { prepareNextDue } from './next-due.ts';
import { openConnection, type Opened } from './open-connection.ts';
import { lacksPartition, preparePartitions } from './partitions.ts';
import { prepareReplays } from './replays.ts';
import { resolvePostgresOptions, type PostgresStorageOptionsInput } from './postgres-options.ts';
import { preparePrune } from './prune.ts';
import { queryPages } from './query-page.ts';
import { prepareRecordOutcomes, prepareReleaseDeliveries } from './record-outcomes.ts';
import { prepareStoreEvents } from './store-events.ts';
import { plannedEachTime } from './statement.ts';
import { prepareSubscriptions } from './subscriptions.ts';

/**
 * Keeps everything in a schema of a PostgreSQL database, 14 or newer, through the host's own pool of pg. Any number of
 * processes may share one schema; times are those of the database's clock.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * postgresStorage({ pool: new Pool({ connectionString: process.env.DATABASE_URL }) })
 */
export function postgresStorage(options: PostgresStorageOptionsInput): StorageAdapter {
  const resolved = resolvePostgresOptions(options);
  const calls = prepareCalls(resolved.schema, opened);
  const { subscriptions, deliveries, pages, partitions } = calls;
  const channel = channelOf(resolved.schema);
  const self = randomUUID();
  let current: Opened | undefined;
  let listener: Listener | undefined;

  function open(): Opened {
    if (current) return current;
    throw new HookwellError('storage_failed', 'The postgres storage is not open; start it first.');
  }

  /** What calls about all accounts run on. */
  function opened(): Connection {
    return open().connection;
  }

  /** What the calls of an account run on. */
  function as(accountId: string): AccountRunner {
    return open().as(accountId);
  }

  /** Makes a call that writes lines of today again, if the partition of today was not there yet. */
  async function today<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (!lacksPartition(error)) throw error;
      await partitions.makeAhead(opened());
      return call();
    }
  }

  return {
    name: 'postgres',

    async start({ onDue }) {
      if (current) return;
      const starting = await openConnection(resolved);
      await partitions.makeAhead(starting.connection);
      if (onDue && resolved.listen) {
        const listening = new Listener({ pool: resolved.pool, channel, self, onHeard: onDue });
        await listening.start();
        listener = listening;
      }
      current = starting;
    },

    createSubscription: async (subscription) => subscriptions.createOnce(as(subscription.accountId), subscription),

    listSubscriptions: async (accountId, query) => pages.subscriptions(as(accountId), accountId, query),

    updateSubscription: async (accountId, id, changes) => subscriptions.update(as(accountId), accountId, id, changes),

    endSubscription: async (accountId, id, reason) => subscriptions.end(as(accountId), accountId, id, reason),

    findSubscriptions: async (keys) => subscriptions.find(opened(), keys),

    storeEvents: async (batch) => calls.storeEvents(opened(), batch),

    async join(transaction) {
      opened();
      return joinTransaction(transaction, (runner) => ({
        createSubscription: async (subscription) => subscriptions.create(runner, subscription),
        endSubscription: async (accountId, id, reason) => subscriptions.end(runner, accountId, id, reason),
        findSubscriptions: async (keys) => subscriptions.find(runner, keys),
        storeEvents: async (batch) => calls.storeEvents(runner, batch),
      }));
    },

    claimDeliveries: async (request) => calls.claimDeliveries(opened(), request),

    recordOutcomes: async (outcomes) => today(async () => calls.recordOutcomes(opened(), outcomes)),

    moveHealth: async (moves) => subscriptions.move(opened(), moves),

    releaseDeliveries: async (leases) => calls.releaseDeliveries(opened(), leases),

    nextDueInMs: async () => calls.nextDue(opened()),

    announceDue: async () => opened().run(announce, [channel, self]),

    listDeliveries: async (accountId, query) => pages.deliveries(as(accountId), accountId, query),

    countDeliveries: async (accountId, perLane) => calls.counts.deliveries(as(accountId), accountId, perLane),

    listAttempts: async (accountId, query) => pages.attempts(as(accountId), accountId, query),

    countAttempts: async (accountId, query) => calls.counts.attempts(as(accountId), accountId, query),

    findEvents: async (accountId, ids) => deliveries.findEvents(as(accountId), accountId, ids),

    listEvents: async (accountId, search) => calls.listEvents(opened(), as(accountId), accountId, search),

    replayDelivery: async (accountId, deliveryId) => deliveries.replay(as(accountId), accountId, deliveryId),

    cancelDelivery: async (accountId, deliveryId, reason, eventId) =>
      today(async () => deliveries.cancel(as(accountId), accountId, deliveryId, reason, eventId ?? null)),

    cutClosedLanes: async (request) => today(async () => calls.cutClosedLanes(opened(), request)),

    eraseRecord: async (accountId, request) => calls.eraseRecord(opened(), accountId, request),

    createReplay: async (replay) => calls.replays.create(as(replay.accountId), replay),

    listReplays: async (accountId, query) => pages.replays(as(accountId), accountId, query),

    findReplayable: async (accountId, search) => calls.findReplayable(as(accountId), accountId, search),

    cancelReplay: async (accountId, id, reason) => calls.replays.cancel(as(accountId), accountId, id, reason),

    claimReplays: async (request) => calls.replays.claim(opened(), request),

    advanceReplays: async (steps) => calls.replays.advance(opened(), steps),

    createKeys: async (given) => calls.keys.create(opened(), given),

    findKeys: async (appIds) => calls.keys.find(opened(), appIds),

    listKeys: async (accountId) => calls.keys.list(as(accountId), accountId),

    endKeys: async (accountId, ids, inMs) => calls.keys.end(as(accountId), accountId, ids, inMs),

    touchKeys: async (uses) => calls.keys.touch(opened(), uses),

    prune: async (request) => calls.prune(opened(), request),

    expireBodies: async (request) => calls.expireBodies(opened(), request),

    async stop() {
      listener?.stop();
      listener = undefined;
      current = undefined;
    },
  };
}

const announce = plannedEachTime<void>(`select to_json(pg_notify($1::text, $2::text)::text)::text`);

/** Writes every statement for a schema. */
function prepareCalls(schema: string, opened: () => Connection) {
  const names = namesIn(schema);
  const partitions = preparePartitions(names);
  return {
    partitions,
    subscriptions: prepareSubscriptions(names),
    storeEvents: prepareStoreEvents(names, async () => partitions.makeAhead(opened())),
    claimDeliveries: prepareClaimDeliveries(names),
    recordOutcomes: prepareRecordOutcomes(names),
    releaseDeliveries: prepareReleaseDeliveries(names),
    nextDue: prepareNextDue(names),
    pages: queryPages(schema),
    counts: prepareCounts(names),
    deliveries: prepareManageDeliveries(names),
    cutClosedLanes: prepareCutClosedLanes(names),
    eraseRecord: prepareEraseRecord(names),
    replays: prepareReplays(names),
    findReplayable: prepareFindReplayable(names),
    listEvents: prepareListEvents(names),
    keys: prepareKeys(names),
    prune: preparePrune(names, partitions),
    expireBodies: prepareExpireBodies(names),
  };
}
