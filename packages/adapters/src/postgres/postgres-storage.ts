import { randomUUID } from 'node:crypto';
import { HookwellError, type StorageAdapter } from '@hookwell/core';
import { prepareClaimDeliveries } from './claim-deliveries.ts';
import type { Connection } from './connection.ts';
import { prepareCounts } from './counts.ts';
import { prepareManageDeliveries } from './manage-deliveries.ts';
import { joinTransaction } from './join.ts';
import { channelOf, Listener } from './listener.ts';
import { namesIn } from './names.ts';
import { prepareNextDue } from './next-due.ts';
import { openConnection } from './open-connection.ts';
import { lacksPartition, preparePartitions } from './partitions.ts';
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
  let connection: Connection | undefined;
  let listener: Listener | undefined;

  function opened(): Connection {
    if (connection) return connection;
    throw new HookwellError('storage_failed', 'The postgres storage is not open; start it first.');
  }

  /** Makes a call that writes lines of today again, if the partition of today was not there yet. */
  async function today<Result>(call: (connection: Connection) => Promise<Result>): Promise<Result> {
    const open = opened();
    try {
      return await call(open);
    } catch (error) {
      if (!lacksPartition(error)) throw error;
      await partitions.makeAhead(open);
      return call(open);
    }
  }

  return {
    name: 'postgres',

    async start({ onDue }) {
      if (connection) return;
      const open = await openConnection(resolved);
      await partitions.makeAhead(open);
      if (onDue && resolved.listen) {
        const listening = new Listener({ pool: resolved.pool, channel, self, onHeard: onDue });
        await listening.start();
        listener = listening;
      }
      connection = open;
    },

    createSubscription: async (subscription) => subscriptions.createOnce(opened(), subscription),

    listSubscriptions: async (accountId, query) => pages.subscriptions(opened(), accountId, query),

    updateSubscription: async (accountId, id, changes) => subscriptions.update(opened(), accountId, id, changes),

    endSubscription: async (accountId, id, reason) => subscriptions.end(opened(), accountId, id, reason),

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

    recordOutcomes: async (outcomes) => today((open) => calls.recordOutcomes(open, outcomes)),

    moveHealth: async (moves) => subscriptions.move(opened(), moves),

    releaseDeliveries: async (leases) => calls.releaseDeliveries(opened(), leases),

    nextDueInMs: async () => calls.nextDue(opened()),

    announceDue: async () => opened().run(announce, [channel, self]),

    listDeliveries: async (accountId, query) => pages.deliveries(opened(), accountId, query),

    countDeliveries: async (accountId, perLane) => calls.counts.deliveries(opened(), accountId, perLane),

    listAttempts: async (accountId, query) => pages.attempts(opened(), accountId, query),

    countAttempts: async (accountId, query) => calls.counts.attempts(opened(), accountId, query),

    findEvents: async (accountId, ids) => deliveries.findEvents(opened(), accountId, ids),

    replayDelivery: async (accountId, deliveryId) => deliveries.replay(opened(), accountId, deliveryId),

    cancelDelivery: async (accountId, deliveryId, reason) =>
      today((open) => deliveries.cancel(open, accountId, deliveryId, reason)),

    prune: async (request) => calls.prune(opened(), request),

    async stop() {
      listener?.stop();
      listener = undefined;
      connection = undefined;
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
    prune: preparePrune(names, partitions),
  };
}
