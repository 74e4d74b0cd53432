import { deepEqual, equal, ok } from 'node:assert/strict';
import { everything, idsOf, listAll, refusal, rejection, rowOf, storageCase } from './storage-checks.ts';

/** The promises about transactions of the host's. */
export const storageJoinCases = [
  storageCase(
    'join writes what is there once the host commits, and not before',
    async (trial) => {
      const [first, second] = await trial.subscribeMany(2);
      const batch = trial.batch([first!, second!]);
      const ids = batch.events.map(({ id }) => id);
      const other = await trial.start(trial.make());
      const host = await trial.begin();
      const stored = await (await trial.storage.join(host.within)).storeEvents(batch);
      deepEqual(stored, batch.events, 'the events were not answered as they were stored');
      deepEqual(await other.findEvents('a', ids), [], 'what a transaction has written is there before it commits');
      await host.commit();
      deepEqual(idsOf(await trial.storage.findEvents('a', ids)), idsOf(batch.events), 'an event is not there after the commit');
      const { claims } = await trial.claim();
      deepEqual(idsOf(claims), idsOf(batch.deliveries), 'a delivery of a committed transaction cannot be claimed');
    },
    ['joins transactions', 'opens twice'],
  ),

  storageCase(
    'join leaves nothing behind when the host rolls back',
    async (trial) => {
      const subscription = await trial.subscribe();
      const before = await listAll(trial.storage);
      const batch = trial.batch([subscription], { idempotencyKey: 'key-1' });
      const host = await trial.begin();
      const joined = await trial.storage.join(host.within);
      await joined.storeEvents(batch);
      await joined.createSubscription(subscription);
      await joined.endSubscription('a', subscription.id, 'it is over');
      await host.rollback();
      deepEqual(await listAll(trial.storage), before, 'a transaction that was rolled back has left something behind');
      deepEqual(await trial.storage.findEvents('a', [batch.events[0]!.id]), [], 'an event is there although it was rolled back');
      const again = trial.batch([subscription], { idempotencyKey: 'key-1' });
      const [stored] = await trial.storage.storeEvents(again);
      equal(stored?.id, again.events[0]!.id, 'an idempotency key stays used although its event was rolled back');
    },
    ['joins transactions'],
  ),

  storageCase(
    'join sees what the transaction has written',
    async (trial) => {
      const host = await trial.begin();
      const joined = await trial.storage.join(host.within);
      const made = await joined.createSubscription({
        accountId: 'a',
        url: 'https://example.com/new',
        topic: 'sub_tag(3)',
        format: 'notify',
        encoding: 'json',
        data: '{}',
        attributes: { secret: 'sealed' },
      });
      deepEqual(await joined.findSubscriptions([made]), [made], 'a subscription made in the transaction is not found in it');
      const first = trial.event({ idempotencyKey: 'key-1' });
      const repeated = { ...trial.event({ idempotencyKey: 'key-1' }), record: first.record };
      const lease = { fence: trial.newId(), leaseMs: trial.spanMs };
      await joined.storeEvents({ events: [first], deliveries: [], ...lease });
      const [earlier] = await joined.storeEvents({ events: [repeated], deliveries: [], ...lease });
      equal(earlier?.id, first.id, 'an idempotency key that the transaction has used is not known in it');
      await host.commit();
      deepEqual(await rowOf(trial.storage, made), made, 'a subscription is not the same after the commit');
    },
    ['joins transactions'],
  ),

  storageCase(
    "join ends the account's own subscription when the host commits",
    async (trial) => {
      const subscription = await trial.subscribe();
      const host = await trial.begin();
      const joined = await trial.storage.join(host.within);
      equal(await joined.endSubscription('b', subscription.id, 'it is over'), null, 'it ended a subscription of another account');
      const ended = await joined.endSubscription('a', subscription.id, 'it is over');
      equal(ended?.health, 'unsubscribed', 'the ended subscription was not answered');
      await host.commit();
      equal((await trial.storage.listSubscriptions('a', everything)).total, 0, 'it is there although the host has committed');
    },
    ['joins transactions'],
  ),

  storageCase('join refuses what is no transaction of its database', async ({ storage }) => {
    for (const nothing of [null, 7, 'a transaction', {}, []]) {
      await refusal(async () => storage.join(nothing), 'invalid_input', `it joined ${JSON.stringify(nothing)}`);
    }
  }),

  storageCase(
    'join writes nothing once the transaction is over',
    async (trial) => {
      const subscription = await trial.subscribe();
      const host = await trial.begin();
      const joined = await trial.storage.join(host.within);
      await host.commit();
      const batch = trial.batch([subscription]);
      await rejection(async () => joined.storeEvents(batch), 'it stored an event in a transaction that was over');
      ok((await trial.storage.findEvents('a', [batch.events[0]!.id])).length === 0, 'an event is there without a transaction');
    },
    ['joins transactions'],
  ),
];
