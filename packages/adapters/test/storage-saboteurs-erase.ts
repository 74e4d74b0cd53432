import { everything, type StorageSaboteur } from './storage-saboteur.ts';

/** Storages that break promises about erasing. */
export const eraseSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'erases records of every type that have the id',
    sabotage: (sound) => ({
      async eraseRecord(accountId, request) {
        await sound.eraseRecord(accountId, { ...request, objectType: 1 });
        return sound.eraseRecord(accountId, request);
      },
    }),
    caughtBy: 'eraseRecord erases events about the record with their deliveries and lines of the log, and nothing else',
    sentence: /^not just deliveries about the record went/,
  },
  {
    does: 'erases what other accounts have of a record with that id',
    sabotage: (sound) => ({
      async eraseRecord(accountId, request) {
        await sound.eraseRecord('b', request);
        return sound.eraseRecord(accountId, request);
      },
    }),
    caughtBy: 'eraseRecord erases events about the record with their deliveries and lines of the log, and nothing else',
    sentence: /^an event went that is about something else/,
  },
  {
    does: 'waits for who holds a delivery',
    sabotage: (sound) => ({
      async eraseRecord(accountId, request) {
        const { rows } = await sound.listDeliveries(accountId, everything);
        if (rows.some(({ fence }) => fence !== null)) return { events: 0, deliveries: 0, attempts: 0, cursor: null };
        return sound.eraseRecord(accountId, request);
      },
    }),
    caughtBy: 'eraseRecord takes a delivery from who holds it, so that its outcome is refused',
    sentence: /^a delivery stayed that somebody holds/,
  },
  {
    does: 'forgets to erase a second event',
    sabotage: (sound, { notes }) => ({
      async eraseRecord(accountId, request) {
        if (notes.get('erased') === true) return { events: 0, deliveries: 0, attempts: 0, cursor: null };
        const answer = await sound.eraseRecord(accountId, request);
        notes.set('erased', true);
        return { ...answer, events: Math.min(answer.events, 1) };
      },
    }),
    caughtBy: 'eraseRecord finds an event among many, in calls that each look at some',
    sentence: /^not all of many events were found/,
  },
];
