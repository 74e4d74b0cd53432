import { lacksRecord, withoutRecord, type ExpireRequest } from '@hookwell/core';
import type { StorageSaboteur } from './storage-saboteur.ts';

const ages = 'prune goes by the ages of an account, longer or shorter ones, where the request names it';
const lines = 'prune keeps as many lines of an account as the request says of it, and of the others as of all';
const answers = 'expireBodies empties the answers of old lines, and leaves the rest of them and young ones alone';
const records = 'expireBodies leaves of an old record its id, marks its event, and changes nothing else of it';
const needed = 'expireBodies keeps records that unfinished deliveries need, until a while after they ended';
const looked = 'expireBodies keeps records that a replay may still need, until it has looked';
const replayed = 'expireBodies ends replays of a record: no delivery of it is found, or made due';

/** Storages that break promises about accounts with ages of their own, and about what is kept for a shorter time. */
export const expireSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'forgets of every account what most of them do not keep',
    sabotage: (sound) => ({ prune: async (request) => sound.prune({ ...request, accounts: [] }) }),
    caughtBy: ages,
    sentence: /^lines went that their account keeps for longer than others/,
  },
  {
    does: 'keeps for longer and never for a shorter time than of others',
    sabotage: (sound) => ({
      prune: async (request) =>
        sound.prune({
          ...request,
          accounts: request.accounts.map((account) => ({
            ...account,
            deliveredAfterMs: Math.max(account.deliveredAfterMs, request.deliveredAfterMs),
            failedAfterMs: Math.max(account.failedAfterMs, request.failedAfterMs),
          })),
        }),
    }),
    caughtBy: ages,
    sentence: /^it does not leave just the lines that an account keeps for a shorter time/,
  },
  {
    does: 'keeps as many lines of each account as of the first that is named',
    sabotage: (sound) => ({
      async prune(request) {
        const maxAttemptsPerAccount = request.accounts[0]?.maxAttemptsPerAccount ?? request.maxAttemptsPerAccount;
        return sound.prune({ ...request, maxAttemptsPerAccount });
      },
    }),
    caughtBy: lines,
    sentence: /^it does not leave as many lines as the request says of the account/,
  },
  {
    does: 'empties answers as soon as they are there',
    sabotage: (sound) => ({
      expireBodies: async (request) =>
        sound.expireBodies({ ...request, answersAfterMs: request.answersAfterMs === null ? null : -1_000_000 }),
    }),
    caughtBy: answers,
    sentence: /^not just the answers of old lines are gone/,
  },
  {
    does: 'empties what is to be kept',
    sabotage: (sound) => ({
      expireBodies: async (request) => sound.expireBodies({ ...request, answersAfterMs: request.answersAfterMs ?? 0 }),
    }),
    caughtBy: answers,
    sentence: /^it empties what is to be kept for as long as its row/,
  },
  {
    does: 'empties everything in one call',
    sabotage: (sound) => ({ expireBodies: async (request) => sound.expireBodies({ ...request, limit: 1e9 }) }),
    caughtBy: answers,
    sentence: /^3 rows of a kind were emptied in one call/,
  },
  {
    does: 'empties records as soon as they are there',
    sabotage: (sound) => ({ expireBodies: async (request) => sound.expireBodies(atOnce(request)) }),
    caughtBy: records,
    sentence: /^a young record was emptied/,
  },
  {
    does: 'does not mark what it has emptied',
    sabotage: (sound) => ({
      findEvents: async (accountId, ids) =>
        (await sound.findEvents(accountId, ids)).map((event) =>
          lacksRecord(event) ? Object.assign(event, { metadata: { traceparent: '00-4bf92f-00f067-01' } }) : event,
        ),
    }),
    caughtBy: records,
    sentence: /^it does not mark the events of old records/,
  },
  {
    does: 'empties what is still to be sent',
    sabotage: (sound, { notes }) => ({
      async expireBodies(request) {
        if (request.recordsAfterMs !== null) notes.set('expired', true);
        return sound.expireBodies(request);
      },
      findEvents: async (accountId, ids) =>
        (await sound.findEvents(accountId, ids)).map((event) => (notes.has('expired') ? withoutRecord(event) : event)),
    }),
    caughtBy: needed,
    sentence: /^the record of an unfinished delivery was emptied/,
  },
  {
    does: 'looks at a record once and never again',
    sabotage: (sound, { notes }) => ({
      async expireBodies(request) {
        if (notes.has('looked')) return { answers: 0, records: 0 };
        notes.set('looked', true);
        return sound.expireBodies(request);
      },
    }),
    caughtBy: needed,
    sentence: /^the record of a delivery that ended late is kept for as long as its event/,
  },
  {
    does: 'never comes back to what a replay has kept it from',
    sabotage: (sound, { notes }) => ({
      async expireBodies(request) {
        if (notes.has('cancelled')) return { answers: 0, records: 0 };
        return sound.expireBodies(request);
      },
      async cancelReplay(...given) {
        notes.set('cancelled', true);
        return sound.cancelReplay(...given);
      },
    }),
    caughtBy: looked,
    sentence: /^what a replay has passed is kept for as long as its event/,
  },
  {
    does: 'empties what a replay may still need',
    sabotage: (sound) => ({
      async expireBodies(request) {
        const { records: count, ...rest } = await sound.expireBodies(request);
        return { ...rest, records: request.recordsAfterMs !== null && count > 0 ? count + 1 : count };
      },
    }),
    caughtBy: looked,
    sentence: /^not just the record of another account than that of the replay was emptied/,
  },
  {
    does: 'finds deliveries whose record is gone',
    sabotage: (sound, { notes }) => ({
      async findReplayable(accountId, search) {
        const page = await sound.findReplayable(accountId, search);
        if (page.rows.length > 0) notes.set('page', page);
        return (notes.get('page') as typeof page | undefined) ?? page;
      },
    }),
    caughtBy: replayed,
    sentence: /^a finished delivery is found whose record is gone/,
  },
  {
    does: 'says that it has made a delivery due whose record is gone',
    sabotage: () => ({ replayDelivery: async () => true }),
    caughtBy: replayed,
    sentence: /^a delivery was made due whose record is gone/,
  },
];

function atOnce(request: ExpireRequest): ExpireRequest {
  return { ...request, recordsAfterMs: request.recordsAfterMs === null ? null : -1_000_000 };
}
