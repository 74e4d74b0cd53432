import { deepEqual, equal, ok } from 'node:assert/strict';
import type { NewDelivery } from '../model/delivery.ts';
import type { StoredEvent } from '../model/event.ts';
import { deliveryOf, everything, idsOf, refusal, rejection, storageCase } from './storage-checks.ts';

/** Records with values that some database or some code in between might change. */
const records: readonly StoredEvent['record'][] = [
  { id: 1, firstname: 'Zoë', lastname: 'O’Brien "); drop table', emoji: '👩‍👩‍👧 😀', lines: 'one\r\ntwo\ttab' },
  { id: 'c-2', empty: '', none: null, yes: true, no: false, zero: 0, negative: -1.5 },
  { id: 3, large: 9_007_199_254_740_991, huge: 1e300, tiny: 5e-324, digits: '0012', text: 'null', json: '{"a":[1]}' },
  { z: 'fields keep their order', id: 4, a: 'x'.repeat(100_000) },
];

/** Metadata with texts that some database or some code in between might change. */
const texts: readonly StoredEvent['metadata'][] = [
  { 'a "name"': 'Zoë’s \\" ; drop table 😀 {"json":[null]}', empty: '', digits: '0012', nothing: 'null' },
  { long: 'x'.repeat(4_000) },
];

/** The promises about storing events, and about finding them. */
export const storageStoreCases = [
  storageCase('storeEvents keeps events as they are', async (trial) => {
    const topic = 'object_create(9007199254740991)';
    const events = records.map((record, index) => {
      const given = { record, topic, objectType: 10_000 + index, occurredAt: index, idempotencyKey: `key ${index} 😀` };
      return trial.event({ ...given, metadata: texts[index] ?? {} });
    });
    const before = structuredClone(events);
    const answered = await trial.storage.storeEvents({ events, deliveries: [], fence: trial.newId(), leaseMs: trial.spanMs });
    deepEqual(answered, before, 'the answer is not the events that were stored');
    for (const event of before) {
      const found = await trial.storage.findEvents('a', [event.id]);
      deepEqual(found, [event], 'an event is not found as it was stored');
      equal(JSON.stringify(found[0]?.record), JSON.stringify(event.record), 'the fields of a record changed their order');
    }
  }),

  storageCase('storeEvents keeps no hold of what it is given', async (trial) => {
    const subscription = await trial.subscribe();
    const batch = trial.batch([subscription]);
    const [event] = batch.events;
    const before = structuredClone(event!);
    await trial.storage.storeEvents(batch);
    Object.assign(event!.record, { firstname: 'changed later' });
    Object.assign(event!.metadata, { traceparent: 'changed later' });
    Object.assign((await trial.storage.findEvents('a', [before.id]))[0]!.record, { firstname: 'changed by a reader' });
    deepEqual(
      await trial.storage.findEvents('a', [before.id]),
      [before],
      'what is stored changed with an object of the caller’s',
    );
  }),

  storageCase('storeEvents stores deliveries due at once, or leased under the fence of the batch', async (trial) => {
    const lanes = await trial.subscribeMany(2);
    const waiting = trial.batch(lanes);
    const leased = trial.batch(lanes, { leased: true });
    await trial.storage.storeEvents({
      ...leased,
      events: [...waiting.events, ...leased.events],
      deliveries: [...waiting.deliveries, ...leased.deliveries],
    });
    const now = await trial.now();
    for (const { id, leased: isLeased, ...given } of [...waiting.deliveries, ...leased.deliveries]) {
      const { dueAt, createdAt, ...rest } = await deliveryOf(trial.storage, id);
      const fence = isLeased ? leased.fence : null;
      deepEqual(rest, { id, ...given, attempts: 0, failures: 0, abandonments: 0, fence }, 'a delivery is not as it was given');
      trial.sameTime(createdAt, now, 'a delivery was not made now');
      trial.sameTime(
        dueAt,
        isLeased ? now + trial.spanMs : now,
        isLeased ? 'a lease does not last as asked' : 'it is not due now',
      );
    }
    deepEqual(idsOf((await trial.claim()).claims), idsOf(waiting.deliveries), 'not just the unleased ones can be claimed');
    const claim = { ...leased.deliveries[0]!, attempts: 0, failures: 0, abandonments: 0, createdAt: now, fence: leased.fence };
    deepEqual((await trial.record(trial.outcome(claim))).written, [true], 'the fence of the batch does not hold its leases');
  }),

  storageCase('storeEvents stores a delivery with its keys, due as much later as it is asked for', async (trial) => {
    const lanes = await trial.subscribeMany(3);
    const { deliveries, ...batch } = trial.batch(lanes);
    const [ordered, later, plain] = deliveries as [NewDelivery, NewDelivery, NewDelivery];
    const keys = { orderKey: '0:Zoë "8"', coalesceKey: 'null' };
    await trial.storage.storeEvents({
      ...batch,
      deliveries: [{ ...ordered, orderKey: keys.orderKey }, { ...later, ...keys, dueInMs: 3 * trial.spanMs }, plain],
    });
    const now = await trial.now();
    const keysOf = async ({ id }: NewDelivery): Promise<unknown> => {
      const { orderKey, coalesceKey } = await deliveryOf(trial.storage, id);
      return { orderKey, coalesceKey };
    };
    deepEqual(await keysOf(ordered), { orderKey: keys.orderKey, coalesceKey: undefined }, 'it has other keys than were given');
    deepEqual(await keysOf(later), keys, 'it has other keys than were given');
    deepEqual(await keysOf(plain), { orderKey: undefined, coalesceKey: undefined }, 'it has keys that were not given');
    const { dueAt } = await deliveryOf(trial.storage, later.id);
    trial.sameTime(dueAt, now + 3 * trial.spanMs, 'it is not due as much later as was asked for');
    const { claims } = await trial.claim();
    deepEqual(idsOf(claims), idsOf([ordered, plain]), 'not just what is due already can be claimed');
    const claimed = claims.find(({ id }) => id === ordered.id);
    equal(claimed?.orderKey, keys.orderKey, 'a claim does not say among which it keeps its order');
    await trial.pass(4 * trial.spanMs);
    ok(
      (await trial.claim()).claims.some(({ id }) => id === later.id),
      'it is never due',
    );
  }),

  storageCase('storeEvents stores nothing of a batch when an id of it is not new', async (trial) => {
    const subscription = await trial.subscribe();
    const stored = trial.batch([subscription]);
    await trial.storage.storeEvents(stored);
    const lanes = [subscription, subscription, subscription];
    for (const bad of ['an event', 'a delivery', 'a delivery of the batch itself'] as const) {
      const { events, deliveries, ...rest } = trial.batch(lanes);
      const [event, delivery] = [events.at(-1)!, deliveries.at(-1)!];
      const ids = { eventId: bad === 'an event' ? stored.events[0]!.id : event.id, id: delivery.id };
      if (bad === 'a delivery') ids.id = stored.deliveries[0]!.id;
      if (bad === 'a delivery of the batch itself') ids.id = deliveries[0]!.id;
      const batch = {
        events: [...events.slice(0, -1), { ...event, id: ids.eventId }],
        deliveries: [...deliveries.slice(0, -1), { ...delivery, ...ids }],
        ...rest,
      };
      await rejection(async () => trial.storage.storeEvents(batch), `it took ${bad} that was stored already`);
      const found = await trial.storage.findEvents('a', idsOf(events) as string[]);
      deepEqual(found, [], 'a batch that failed left events behind');
      const { rows } = await trial.storage.listDeliveries('a', everything);
      deepEqual(idsOf(rows), idsOf(stored.deliveries), 'a batch that failed left deliveries behind');
    }
    deepEqual(
      await trial.storage.findEvents('a', [stored.events[0]!.id]),
      stored.events,
      'a batch that failed changed what was stored',
    );
  }),

  storageCase('storeEvents leaves out an event whose key its account has used, and answers the earlier one', async (trial) => {
    const lanes = await trial.subscribeMany(2);
    const first = trial.batch(lanes.slice(0, 1), { idempotencyKey: 'order-1', record: { id: 1 } });
    await trial.storage.storeEvents(first);
    const again = trial.batch(lanes, { idempotencyKey: 'order-1', record: { id: 2 } });
    const plain = trial.batch(lanes);
    const batch = {
      ...plain,
      events: [plain.events[0]!, ...again.events, plain.events[1]!],
      deliveries: [...again.deliveries, ...plain.deliveries],
    };
    const answers = await trial.storage.storeEvents(batch);
    const expected = [plain.events[0], first.events[0], first.events[0], plain.events[1]];
    deepEqual(answers, expected, 'it does not answer one event for each given one, the earlier for one that is left out');
    deepEqual(await trial.storage.findEvents('a', idsOf(again.events) as string[]), [], 'an event was stored under a used key');
    const { rows } = await trial.storage.listDeliveries('a', everything);
    const left = [...first.deliveries, ...plain.deliveries];
    deepEqual(idsOf(rows), idsOf(left), 'deliveries of an event that was left out were stored, or others were not');
  }),

  storageCase('storeEvents leaves out the second of two events with the same key in one batch', async (trial) => {
    const lanes = await trial.subscribeMany(2);
    const batch = trial.batch(lanes, { idempotencyKey: 'order-1' });
    const answers = await trial.storage.storeEvents(batch);
    deepEqual(answers, [batch.events[0], batch.events[0]], 'the first does not stand for the second');
    const { rows } = await trial.storage.listDeliveries('a', everything);
    deepEqual(idsOf(rows), [batch.deliveries[0]!.id], 'not just the delivery of the first was stored');
  }),

  storageCase('storeEvents takes the same key of another account for another key', async (trial) => {
    const mine = trial.event({ idempotencyKey: 'order-1' });
    const theirs = trial.event({ accountId: 'b', idempotencyKey: 'order-1' });
    for (const event of [mine, theirs]) {
      const answers = await trial.storage.storeEvents({ events: [event], deliveries: [], fence: trial.newId(), leaseMs: 1 });
      deepEqual(answers, [event], 'the key of one account stood in the way of another');
    }
  }),

  storageCase('storeEvents takes events that nobody subscribed to, and an empty batch', async (trial) => {
    const rest = { deliveries: [], fence: trial.newId(), leaseMs: trial.spanMs };
    deepEqual(await trial.storage.storeEvents({ events: [], ...rest }), [], 'an empty batch was answered with events');
    const event = trial.event();
    await trial.storage.storeEvents({ events: [event], ...rest });
    deepEqual(await trial.storage.findEvents('a', [event.id]), [event], 'an event without deliveries was not stored');
    equal(await trial.storage.nextDueInMs(), null, 'an event without deliveries has something due');
  }),

  storageCase(
    'storeEvents has stored for everybody when it resolves',
    async (trial) => {
      const other = await trial.start(trial.make());
      const batch = trial.batch([await trial.subscribe()]);
      await trial.storage.storeEvents(batch);
      deepEqual(await other.findEvents('a', [batch.events[0]!.id]), batch.events, 'another storage does not find the event');
      const { claims } = await trial.claim({}, other);
      deepEqual(idsOf(claims), idsOf(batch.deliveries), 'another storage does not find the delivery');
    },
    ['opens twice'],
  ),

  storageCase(
    'storeEvents rejects as busy while somebody else keeps it from writing, and stores once that has ended',
    async (trial) => {
      const batch = trial.batch([await trial.subscribe()]);
      const unlock = await trial.lock();
      try {
        await refusal(async () => trial.impatient.storeEvents(batch), 'storage_busy', 'it did not say that it is busy');
      } finally {
        await unlock();
      }
      await trial.storage.storeEvents(batch);
      deepEqual(await trial.storage.findEvents('a', [batch.events[0]!.id]), batch.events, 'it stored nothing after it was busy');
    },
    ['locks'],
  ),

  storageCase('findEvents answers those of the account’s own events that are stored, each once', async (trial) => {
    const batch = trial.batch([await trial.subscribe()]);
    const unheard = trial.event({ topic: 'sub_tag(99)' });
    const foreign = trial.event({ accountId: 'b' });
    await trial.storage.storeEvents({ ...batch, events: [...batch.events, unheard, foreign] });
    const wanted = [...batch.events, unheard];
    const ids = [...wanted.map(({ id }) => id), wanted[0]!.id, foreign.id, trial.newId()];
    const found = await trial.storage.findEvents('a', ids);
    deepEqual(idsOf(found), idsOf(wanted), 'it does not answer just those of the account, each once');
    for (const event of found) ok(event.accountId === 'a', 'an account sees an event of another');
    deepEqual(await trial.storage.findEvents('a', []), [], 'it finds something for no id at all');
  }),
];
