import { HookwellError, type StorageAdapter } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { prepareClaimDeliveries } from './claim-deliveries.ts';
import { prepareCutClosedLanes } from './cut-closed-lanes.ts';
import { prepareCounts } from './counts.ts';
import { prepareKeys } from './keys.ts';
import { prepareManageDeliveries } from './manage-deliveries.ts';
import { prepareEraseRecord } from './erase-record.ts';
import { prepareExpireBodies } from './expire-bodies.ts';
import { prepareJoin } from './join.ts';
import { prepareFindReplayable } from './find-replayable.ts';
import { prepareListEvents } from './list-events.ts';
import { prepareNextDue } from './next-due.ts';
import { openConnection } from './open-connection.ts';
import { preparePrune } from './prune.ts';
import { queryPages } from './query-page.ts';
import { prepareRecordOutcomes, prepareReleaseDeliveries } from './record-outcomes.ts';
import { prepareReplays } from './replays.ts';
import { resolveSqliteOptions, type SqliteStorageOptionsInput } from './sqlite-options.ts';
import { prepareStoreEvents } from './store-events.ts';
import { prepareSubscriptions } from './subscriptions.ts';

/**
 * Keeps everything in an SQLite file, or in the database that the host has open already, with better-sqlite3. Several
 * processes may share one file on one machine.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * sqliteStorage({ filename: 'webhooks.db' })
 */
export function sqliteStorage(options: SqliteStorageOptionsInput): StorageAdapter {
  const resolved = resolveSqliteOptions(options);
  let calls: Calls | undefined;

  function opened(): Calls {
    if (calls) return calls;
    throw new HookwellError('storage_failed', 'The sqlite storage is not open; start it first.');
  }

  return {
    name: 'sqlite',

    async start(context) {
      if (calls) return;
      calls = prepareCalls(openConnection(resolved, context.now()), context.now);
    },

    async createSubscription(subscription) {
      const { connection, now, subscriptions } = opened();
      return connection.write(() => subscriptions.create(subscription, now()));
    },

    async listSubscriptions(accountId, query) {
      const { connection, pages } = opened();
      return connection.read(() => pages.subscriptions(accountId, query));
    },

    async updateSubscription(accountId, id, changes) {
      const { connection, subscriptions } = opened();
      return connection.write(() => subscriptions.update(accountId, id, changes));
    },

    async endSubscription(accountId, id, reason) {
      const { connection, now, subscriptions } = opened();
      return connection.write(() => subscriptions.end(accountId, id, reason, now()));
    },

    async findSubscriptions(keys) {
      const { connection, subscriptions } = opened();
      return connection.read(() => subscriptions.find(keys));
    },

    async storeEvents(batch) {
      const { connection, now, storeEvents } = opened();
      return connection.write(() => storeEvents(batch, now()));
    },

    async join(transaction) {
      return opened().join(transaction);
    },

    async claimDeliveries(request) {
      const { connection, now, claimDeliveries } = opened();
      return connection.write(() => claimDeliveries(request, now()));
    },

    async recordOutcomes(outcomes) {
      const { connection, now, recordOutcomes } = opened();
      return connection.write(() => recordOutcomes(outcomes, now()));
    },

    async moveHealth(moves) {
      const { connection, now, subscriptions } = opened();
      return connection.write(() => subscriptions.move(moves, now()));
    },

    async releaseDeliveries(leases) {
      const { connection, now, releaseDeliveries } = opened();
      await connection.write(() => releaseDeliveries(leases, now()));
    },

    async nextDueInMs() {
      const { now, nextDue } = opened();
      return nextDue(now());
    },

    /** Processes have no way to tell each other through a file; they look for themselves. */
    async announceDue() {
      opened();
    },

    async listDeliveries(accountId, query) {
      const { connection, pages } = opened();
      return connection.read(() => pages.deliveries(accountId, query));
    },

    async countDeliveries(accountId, perLane) {
      const { connection, counts } = opened();
      return connection.readOnce(() => counts.deliveries(accountId, perLane));
    },

    async listAttempts(accountId, query) {
      const { connection, pages } = opened();
      return connection.read(() => pages.attempts(accountId, query));
    },

    async countAttempts(accountId, query) {
      const { connection, counts } = opened();
      return connection.readOnce(() => counts.attempts(accountId, query));
    },

    async findEvents(accountId, ids) {
      const { connection, deliveries } = opened();
      return connection.readOnce(() => deliveries.findEvents(accountId, ids));
    },

    async listEvents(accountId, search) {
      const { connection, listEvents } = opened();
      return connection.read(() => listEvents(accountId, search));
    },

    async replayDelivery(accountId, deliveryId) {
      const { connection, now, deliveries } = opened();
      return connection.write(() => deliveries.replay(accountId, deliveryId, now()));
    },

    async cancelDelivery(accountId, deliveryId, reason, eventId) {
      const { connection, now, deliveries } = opened();
      return connection.write(() => deliveries.cancel(accountId, deliveryId, reason, eventId ?? null, now()));
    },

    async cutClosedLanes(request) {
      const { connection, now, cutClosedLanes } = opened();
      return connection.write(() => cutClosedLanes(request, now()));
    },

    async eraseRecord(accountId, request) {
      const { connection, now, eraseRecord } = opened();
      return connection.write(() => eraseRecord(accountId, request, now()));
    },

    async createReplay(replay) {
      const { connection, now, replays } = opened();
      return connection.write(() => replays.create(replay, now()));
    },

    async listReplays(accountId, query) {
      const { connection, pages } = opened();
      return connection.read(() => pages.replays(accountId, query));
    },

    async findReplayable(accountId, search) {
      const { connection, findReplayable } = opened();
      return connection.read(() => findReplayable(accountId, search));
    },

    async cancelReplay(accountId, id, reason) {
      const { connection, now, replays } = opened();
      return connection.write(() => replays.cancel(accountId, id, reason, now()));
    },

    async claimReplays(request) {
      const { connection, now, replays } = opened();
      const nothing = connection.readOnce(() => replays.noneDue(now()));
      return nothing ?? connection.write(() => replays.claim(request, now()));
    },

    async advanceReplays(steps) {
      const { connection, now, replays } = opened();
      return connection.write(() => replays.advance(steps, now()));
    },

    async createKeys(given) {
      const { connection, now, keys } = opened();
      await connection.write(() => keys.create(given, now()));
    },

    async findKeys(appIds) {
      const { connection, now, keys } = opened();
      return connection.read(() => keys.find(appIds, now()));
    },

    async listKeys(accountId) {
      const { connection, now, keys } = opened();
      return connection.readOnce(() => keys.list(accountId, now()));
    },

    async endKeys(accountId, ids, inMs) {
      const { connection, now, keys } = opened();
      await connection.write(() => keys.end(accountId, ids, now() + inMs, now()));
    },

    async touchKeys(uses) {
      const { connection, keys } = opened();
      await connection.write(() => keys.touch(uses));
    },

    async prune(request) {
      const { now, prune } = opened();
      return prune(request, now());
    },

    async expireBodies(request) {
      const { now, expireBodies } = opened();
      return expireBodies(request, now());
    },

    async stop() {
      const connection = calls?.connection;
      calls = undefined;
      await connection?.stopSyncing();
      if (resolved.database === undefined) connection?.database.close();
    },
  };
}

type Calls = ReturnType<typeof prepareCalls>;

/** Compiles and prepares every statement, once per opened database. */
function prepareCalls(connection: Connection, now: () => number) {
  return {
    connection,
    now,
    subscriptions: prepareSubscriptions(connection),
    storeEvents: prepareStoreEvents(connection),
    join: prepareJoin(connection, now),
    claimDeliveries: prepareClaimDeliveries(connection),
    recordOutcomes: prepareRecordOutcomes(connection),
    releaseDeliveries: prepareReleaseDeliveries(connection),
    nextDue: prepareNextDue(connection),
    pages: queryPages(connection),
    counts: prepareCounts(connection),
    deliveries: prepareManageDeliveries(connection),
    cutClosedLanes: prepareCutClosedLanes(connection),
    eraseRecord: prepareEraseRecord(connection),
    replays: prepareReplays(connection),
    findReplayable: prepareFindReplayable(connection),
    listEvents: prepareListEvents(connection),
    keys: prepareKeys(connection),
    prune: preparePrune(connection),
    expireBodies: prepareExpireBodies(connection),
  };
}
