import type { StoredEvent } from '@hookwell/core';
import { without, type StorageSaboteur } from './storage-saboteur.ts';

/** Storages that break promises about storing events, and about finding them. */
export const storeSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'makes every delivery due at once',
    sabotage: (sound) => ({
      storeEvents: async (batch) =>
        sound.storeEvents({ ...batch, deliveries: batch.deliveries.map((delivery) => without(delivery, 'dueInMs')) }),
    }),
    caughtBy: 'storeEvents stores a delivery with its keys, due as much later as it is asked for',
    sentence: /^it is not due as much later as was asked for/,
  },
  {
    does: 'forgets the key of an order',
    sabotage: (sound) => ({
      storeEvents: async (batch) =>
        sound.storeEvents({ ...batch, deliveries: batch.deliveries.map((delivery) => without(delivery, 'orderKey')) }),
    }),
    caughtBy: 'storeEvents stores a delivery with its keys, due as much later as it is asked for',
    sentence: /^it has other keys than were given/,
  },
  {
    does: 'stores nulls as empty texts',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const events = batch.events.map((event) => {
          const fields = Object.entries(event.record).map(([name, value]) => [name, value ?? '']);
          return { ...event, record: Object.fromEntries(fields) as StoredEvent['record'] };
        });
        await sound.storeEvents({ ...batch, events });
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents keeps events as they are',
    sentence: /^an event is not found as it was stored/,
  },
  {
    does: 'sorts the fields of records',
    sabotage: (sound) => ({
      async findEvents(accountId, ids) {
        const found = await sound.findEvents(accountId, ids);
        return found.map((event) => {
          const fields = Object.entries(event.record).toSorted(([a], [b]) => (a < b ? -1 : 1));
          return Object.assign(event, { record: Object.fromEntries(fields) });
        });
      },
    }),
    caughtBy: 'storeEvents keeps events as they are',
    sentence: /^the fields of a record changed their order/,
  },
  {
    does: 'keeps the very objects that it is given',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        for (const event of batch.events) notes.set(event.id, event);
        return sound.storeEvents(batch);
      },
      findEvents: async (_accountId, ids) => ids.map((id) => notes.get(id) as StoredEvent),
    }),
    caughtBy: 'storeEvents keeps no hold of what it is given',
    sentence: /^what is stored changed with an object of the caller’s/,
  },
  {
    does: 'leases no delivery that it stores',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const deliveries = batch.deliveries.map(({ id, accountId, subscriptionId, eventId }) => {
          return { id, accountId, subscriptionId, eventId, leased: false };
        });
        return sound.storeEvents({ ...batch, deliveries });
      },
    }),
    caughtBy: 'storeEvents stores deliveries due at once, or leased under the fence of the batch',
    sentence: /^a delivery is not as it was given/,
  },
  {
    does: 'stores a batch event by event',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const answers: StoredEvent[] = [];
        for (const event of batch.events) {
          const deliveries = batch.deliveries.filter(({ eventId }) => eventId === event.id);
          answers.push(...(await sound.storeEvents({ ...batch, events: [event], deliveries })));
        }
        return answers;
      },
    }),
    caughtBy: 'storeEvents stores nothing of a batch when an id of it is not new',
    sentence: /^a batch that failed left events behind/,
  },
  {
    does: 'stores what is new of a batch and ignores the rest',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const known = new Set(
          (
            await sound.findEvents(
              'a',
              batch.events.map(({ id }) => id),
            )
          ).map(({ id }) => id),
        );
        const events = batch.events.filter(({ id }) => !known.has(id));
        const deliveries = batch.deliveries.filter(({ eventId }) => !known.has(eventId));
        await sound.storeEvents({ ...batch, events, deliveries });
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents stores nothing of a batch when an id of it is not new',
    sentence: /^it took an event that was stored already/,
  },
  {
    does: 'pays no attention to idempotency keys',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        await sound.storeEvents({ ...batch, events: batch.events.map(withoutKey) });
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents leaves out an event whose key its account has used, and answers the earlier one',
    sentence: /^it does not answer one event for each given one/,
  },
  {
    does: 'answers a repeated event with itself',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        await sound.storeEvents(batch);
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents leaves out an event whose key its account has used, and answers the earlier one',
    sentence: /^it does not answer one event for each given one/,
  },
  {
    does: 'looks for used keys in earlier batches only',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const keys = new Set<string | null>();
        const events = batch.events.map((event) => {
          const repeated = event.idempotencyKey !== null && keys.has(event.idempotencyKey);
          keys.add(event.idempotencyKey);
          return repeated ? withoutKey(event) : event;
        });
        return sound.storeEvents({ ...batch, events });
      },
    }),
    caughtBy: 'storeEvents leaves out the second of two events with the same key in one batch',
    sentence: /^the first does not stand for the second/,
  },
  {
    does: 'takes a key for used that another account has used',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        const [event] = batch.events;
        const earlier = notes.get(event?.idempotencyKey) as StoredEvent | undefined;
        if (earlier) return [earlier];
        if (event?.idempotencyKey) notes.set(event.idempotencyKey, event);
        return sound.storeEvents(batch);
      },
    }),
    caughtBy: 'storeEvents takes the same key of another account for another key',
    sentence: /^the key of one account stood in the way of another/,
  },
  {
    does: 'leaves events out that nobody subscribed to',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const events = batch.events.filter(({ id }) => batch.deliveries.some(({ eventId }) => eventId === id));
        await sound.storeEvents({ ...batch, events });
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents takes events that nobody subscribed to, and an empty batch',
    sentence: /^an event without deliveries was not stored/,
  },
  {
    does: 'says that it has stored before it has',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        setImmediate(() => void sound.storeEvents(batch).catch(() => undefined));
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents has stored for everybody when it resolves',
    sentence: /^another storage does not find the event/,
  },
  {
    does: 'takes a lock of somebody else for a failure for good',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        return sound.storeEvents(batch).catch(() => {
          throw new Error('the database is locked');
        });
      },
    }),
    caughtBy: 'storeEvents rejects as busy while somebody else keeps it from writing, and stores once that has ended',
    sentence: /^it did not say that it is busy: it rejected with Error: the database is locked/,
  },
  {
    does: 'finds events by their ids alone',
    sabotage: (sound) => ({
      findEvents: async (_accountId, ids) => [...(await sound.findEvents('a', ids)), ...(await sound.findEvents('b', ids))],
    }),
    caughtBy: 'findEvents answers those of the account’s own events that are stored, each once',
    sentence: /^it does not answer just those of the account, each once/,
  },
];

function withoutKey(event: StoredEvent): StoredEvent {
  return { ...event, idempotencyKey: null };
}
