import {
  attemptFields,
  checkCountQuery,
  checkQuery,
  checkWhich,
  deliveryFields,
  dueAfterEarlier,
  HookwellError,
  queryRows,
  replayFields,
  subscriptionFields,
  sumAttempts,
  sumDeliveries,
  withChanges,
  withMove,
  type Delivery,
  type FieldTypes,
  type HealthMove,
  type Page,
  type Query,
  type QueryValue,
  type StorageAdapter,
  type Subscription,
  type TopicKey,
} from '@hookwell/core';
import { claimDeliveries } from './claim-deliveries.ts';
import { Contents } from './contents.ts';
import { findReplayable } from './find-replayable.ts';
import { cancelDelivery, replayDelivery } from './manage-deliveries.ts';
import { cutClosedLanes } from './cut-closed-lanes.ts';
import { eraseRecord } from './erase-record.ts';
import { expireBodies } from './expire-bodies.ts';
import { nextDueInMs } from './next-due.ts';
import { prune } from './prune.ts';
import { advanceReplay, cancelReplay, claimReplays, copyReplay, copyStep, createReplay } from './replays.ts';
import { recordOutcomes, releaseDeliveries } from './record-outcomes.ts';
import { storeEvents } from './store-events.ts';
import { copySubscription } from './subscription-rows.ts';

/**
 * Keeps everything in this object, and so in this process: for tests, and for events that may be lost. What is in it
 * outlives `stop` and is there at the next `start`; it goes when the process ends or nothing refers to the object any
 * more. Two storages share nothing.
 *
 * Its memory is not bounded by an option: per unfinished delivery and per line of the log it takes about half a kilobyte
 * (a line also what it keeps of the answer), per event its record beside that, and the retention of the engine keeps the
 * log and the events in bounds. A backlog that nobody takes has none: use `sqliteStorage` where one may grow.
 *
 * @example
 * createEngine({ storage: memoryStorage(), transports: [httpTransport()], catalog: ontraportCatalog })
 */
export function memoryStorage(): StorageAdapter {
  const contents = new Contents();
  let clock: (() => number) | undefined;

  function now(): number {
    if (clock) return clock();
    throw new HookwellError('storage_failed', 'The memory storage is not open; start it first.');
  }

  return {
    name: 'memory',

    async start(context) {
      clock ??= context.now;
    },

    async createSubscription(subscription) {
      return copySubscription(contents.subscriptions.add(subscription, now()));
    },

    async listSubscriptions(accountId, query) {
      now();
      checkWhich(query.which);
      const { rows, total } = page(contents.subscriptions.ofAccount(accountId, query.which), query, subscriptionFields);
      return { rows: rows.map(copySubscription), total };
    },

    async updateSubscription(accountId, id, changes) {
      now();
      const before = contents.subscriptions.get(id);
      if (before?.accountId !== accountId || before.health === 'unsubscribed') return null;
      const changed = withChanges(before, changes);
      contents.subscriptions.replace(changed);
      return copySubscription(changed);
    },

    async endSubscription(accountId, id, reason) {
      const at = now();
      const subscription = contents.subscriptions.get(id);
      if (subscription?.accountId !== accountId || subscription.health === 'unsubscribed') return null;
      const { healthVersion } = subscription;
      return move(contents, { subscriptionId: id, healthVersion, health: 'unsubscribed', reason, pauseLaneMs: 0 }, at);
    },

    async findSubscriptions(keys) {
      now();
      return find(contents, keys);
    },

    async storeEvents(batch) {
      return storeEvents(contents, batch, now());
    },

    async join() {
      throw new HookwellError(
        'invalid_input',
        'The memory storage has no transactions that a host could have open; leave "within" out, or use another storage.',
      );
    },

    async claimDeliveries(request) {
      return claimDeliveries(contents, request, now());
    },

    async recordOutcomes(outcomes) {
      return recordOutcomes(contents, outcomes, now());
    },

    async moveHealth(moves) {
      const at = now();
      const read = moves.map(copyRow);
      return read.map((wanted) => move(contents, wanted, at));
    },

    async releaseDeliveries(leases) {
      releaseDeliveries(contents, leases.map(copyRow), now());
    },

    async nextDueInMs() {
      return nextDueInMs(contents, now());
    },

    /** Nobody else has what is in this object. */
    async announceDue() {
      now();
    },

    async listDeliveries(accountId, query) {
      now();
      const { rows, total } = page(unfinished(contents, accountId), query, deliveryFields);
      return { rows: rows.map(listed), total };
    },

    async countDeliveries(accountId, perLane) {
      now();
      return sumDeliveries(unfinished(contents, accountId), perLane);
    },

    async listAttempts(accountId, query) {
      now();
      return page(contents.log.ofAccount(accountId), query, attemptFields, (line, field) => {
        if (field !== 'record') return line[field];
        const row = contents.events.get(line.eventId);
        return row ? JSON.stringify(row.event.record) : null;
      });
    },

    async countAttempts(accountId, query) {
      now();
      checkCountQuery(query);
      return sumAttempts(contents.log.ofAccount(accountId), query);
    },

    async findEvents(accountId, ids) {
      now();
      return contents.events.find(accountId, ids);
    },

    async listEvents(accountId, search) {
      now();
      return contents.events.list(accountId, search);
    },

    async replayDelivery(accountId, deliveryId) {
      return replayDelivery(contents, accountId, deliveryId, now());
    },

    async cancelDelivery(accountId, deliveryId, reason, eventId) {
      return cancelDelivery(contents, { accountId, deliveryId, reason, eventId }, now());
    },

    async cutClosedLanes(request) {
      return cutClosedLanes(contents, request, now());
    },

    async eraseRecord(accountId, request) {
      return eraseRecord(contents, accountId, request, now());
    },

    async createReplay(replay) {
      return createReplay(contents, replay, now());
    },

    async listReplays(accountId, query) {
      now();
      const { rows, total } = page(contents.replays.ofAccount(accountId), query, replayFields);
      return { rows: rows.map(copyReplay), total };
    },

    async findReplayable(accountId, search) {
      now();
      return findReplayable(contents, accountId, search);
    },

    async cancelReplay(accountId, id, reason) {
      return cancelReplay(contents, { accountId, id, reason }, now());
    },

    async claimReplays(request) {
      return claimReplays(contents, request, now());
    },

    async advanceReplays(steps) {
      const at = now();
      const read = steps.map(copyStep);
      return read.map((step) => advanceReplay(contents, step, at));
    },

    async createKeys(keys) {
      const at = now();
      for (const key of keys) contents.keys.add(key, at);
    },

    async findKeys(appIds) {
      return contents.keys.find(appIds, now());
    },

    async listKeys(accountId) {
      return contents.keys.list(accountId, now());
    },

    async endKeys(accountId, ids, inMs) {
      const at = now();
      contents.keys.end(accountId, ids, at + inMs, at);
    },

    async touchKeys(uses) {
      now();
      contents.keys.touch(uses);
    },

    async prune(request) {
      return prune(contents, request, now());
    },

    async expireBodies(request) {
      return expireBodies(contents, request, now());
    },

    async stop() {
      clock = undefined;
    },
  };
}

/** The rows that a query asks for, as copies: what a caller does with them changes nothing here. */
function page<Row extends { readonly id: string | number }, Field extends string>(
  rows: Iterable<Row>,
  query: Query<Field>,
  fields: FieldTypes<Field>,
  valueOf?: (row: Row, field: Field) => QueryValue,
): Page<Row> {
  checkQuery(query, fields);
  const { rows: found, total } = queryRows(rows, query, valueOf);
  return { rows: found.map(copyRow), total };
}

function copyRow<Row extends object>(row: Row): Row {
  return { ...row };
}

/** A delivery as it is listed: what waits for an earlier one says so, instead of a time that never comes. */
function listed(delivery: Delivery): Delivery {
  return delivery.dueAt < dueAfterEarlier ? delivery : { ...delivery, dueAt: delivery.createdAt, waitsForEarlier: true };
}

function* unfinished({ subscriptions, queue }: Contents, accountId: string) {
  for (const { id } of subscriptions.ofAccount(accountId)) yield* queue.ofLane(id);
}

function find({ subscriptions }: Contents, keys: readonly TopicKey[]): readonly Subscription[] {
  const found = new Map<number, Subscription>();
  for (const key of keys)
    for (const subscription of subscriptions.ofTopic(key)) found.set(subscription.id, copySubscription(subscription));
  return [...found.values()];
}

function move({ subscriptions }: Contents, wanted: HealthMove, now: number): Subscription | null {
  const before = subscriptions.get(wanted.subscriptionId);
  const moved = before ? withMove(before, wanted, now) : null;
  if (moved) subscriptions.replace(moved);
  return moved && copySubscription(moved);
}
