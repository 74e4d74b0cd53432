import type { StorageSaboteur } from './storage-saboteur.ts';

const own = 'listEvents answers an account’s own events, whole, the newest first, whether or not anybody gets them';
const parts = 'listEvents goes on from any place, as far as it is told to look';

/** Storages that break promises about listing events. */
export const eventSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'lists the events of everybody',
    sabotage: (sound) => ({
      async listEvents(accountId, search) {
        const [mine, other] = [await sound.listEvents(accountId, search), await sound.listEvents('b', search)];
        return { ...mine, events: [...mine.events, ...other.events] };
      },
    }),
    caughtBy: own,
    sentence: /^it does not list just the events of the account/,
  },
  {
    does: 'lists the oldest events first',
    sabotage: (sound) => ({
      async listEvents(accountId, search) {
        const page = await sound.listEvents(accountId, search);
        return { ...page, events: page.events.toReversed() };
      },
    }),
    caughtBy: own,
    sentence: /^it does not list just the events of the account, the newest first/,
  },
  {
    does: 'lists what somebody gets alone',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        for (const { eventId } of batch.deliveries) notes.set(eventId, true);
        return sound.storeEvents(batch);
      },
      async listEvents(accountId, search) {
        const page = await sound.listEvents(accountId, search);
        return { ...page, events: page.events.filter(({ id }) => notes.has(id)) };
      },
    }),
    caughtBy: own,
    sentence: /^it does not list just the events of the account/,
  },
  {
    does: 'lists events of every topic',
    sabotage: (sound) => ({ listEvents: async (accountId, search) => sound.listEvents(accountId, { ...search, topic: null }) }),
    caughtBy: own,
    sentence: /^it lists events of another topic/,
  },
  {
    does: 'goes on one event too far',
    sabotage: (sound) => ({
      async listEvents(accountId, search) {
        const page = await sound.listEvents(accountId, search);
        return search.after === '' ? page : { ...page, events: page.events.slice(1) };
      },
    }),
    caughtBy: parts,
    sentence: /other events are listed/,
  },
  {
    does: 'ends where it has looked far enough',
    sabotage: (sound) => ({
      async listEvents(accountId, search) {
        const page = await sound.listEvents(accountId, search);
        return page.events.length < search.limit ? { ...page, after: null } : page;
      },
    }),
    caughtBy: parts,
    sentence: /^with 1 looks at a time, other events are listed/,
  },
  {
    does: 'looks until it has found enough',
    sabotage: (sound) => ({ listEvents: async (accountId, search) => sound.listEvents(accountId, { ...search, looks: 1_000 }) }),
    caughtBy: parts,
    sentence: /^it looks at more rows than it is told to/,
  },
];
