import { sumAttempts, type AttemptCountQuery, type Attempt, type StorageAdapter } from '@hookwell/core';
import { everything, type Sabotage, type StorageSaboteur } from './storage-saboteur.ts';

/** A storage that counts other lines, or otherwise, than it is asked. */
function counting(
  change: (lines: readonly Attempt[], query: AttemptCountQuery) => readonly [readonly Attempt[], AttemptCountQuery],
): Sabotage {
  return (sound) => ({
    async countAttempts(accountId, query) {
      const { rows } = await sound.listAttempts(accountId, everything);
      return sumAttempts(...change(rows, query));
    },
  });
}

/** Storages that break promises about counts, and about texts that lines are found by. */
export const countSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'counts only what nobody sends',
    sabotage: (sound) => ({
      async countDeliveries(accountId, perLane) {
        const { rows } = await sound.listDeliveries(accountId, everything);
        const counts = await sound.countDeliveries(accountId, perLane);
        return counts.map((count) => {
          const held = rows.filter(({ subscriptionId, fence }) => subscriptionId === count.subscriptionId && fence !== null);
          return Object.assign(count, { waiting: count.waiting - held.length });
        });
      },
    }),
    caughtBy: 'countDeliveries answers how many are unfinished of each subscription, and since when the oldest waits',
    sentence: /^it does not count what waits, is to be tried again or is being sent/,
  },
  {
    does: 'tells since when the newest waits',
    sabotage: (sound) => ({
      async countDeliveries(accountId, perLane) {
        const { rows } = await sound.listDeliveries(accountId, everything);
        const created = new Map(rows.map(({ subscriptionId, createdAt }) => [subscriptionId, createdAt]));
        return (await sound.countDeliveries(accountId, perLane)).map((count) =>
          Object.assign(count, { oldestCreatedAt: created.get(count.subscriptionId) }),
        );
      },
    }),
    caughtBy: 'countDeliveries answers how many are unfinished of each subscription, and since when the oldest waits',
    sentence: /^it does not tell since when the oldest waits/,
  },
  {
    does: 'counts a backlog from end to end',
    sabotage: (sound) => ({ countDeliveries: async (accountId) => sound.countDeliveries(accountId, 1_000_000) }),
    caughtBy: 'countDeliveries counts no more than it is asked for of each subscription',
    sentence: /^it counts on where it was told to stop/,
  },
  {
    does: 'counts a line that began when the question ends',
    sabotage: counting((lines, query) => [lines, { ...query, until: query.until + 1 }]),
    caughtBy: 'countAttempts answers how many lines began in each span, by outcome and duration',
    sentence: /^lines are not counted by span, outcome and duration/,
  },
  {
    does: 'leaves out what ended unsent',
    sabotage: counting((lines, query) => [lines.filter(({ number }) => number > 0), query]),
    caughtBy: 'countAttempts answers how many lines began in each span, by outcome and duration',
    sentence: /^lines are not counted by span, outcome and duration/,
  },
  {
    does: 'begins spans with the minutes of the clock',
    sabotage: (sound) => ({
      async countAttempts(accountId, query) {
        const counts = await sound.countAttempts(accountId, query);
        return counts.map((count) => Object.assign(count, { at: Math.floor(count.at / query.everyMs) * query.everyMs }));
      },
    }),
    caughtBy: 'countAttempts puts every duration into its class, and every time into its span',
    sentence: /^it counts wrongly in spans of 7001 ms/,
  },
  {
    does: 'takes a bound for the beginning of the next class',
    sabotage: counting((lines, query) => [lines.map((line) => ({ ...line, durationMs: line.durationMs + 1 })), query]),
    caughtBy: 'countAttempts puts every duration into its class, and every time into its span',
    sentence: /^it counts wrongly in spans of 1 ms/,
  },
  {
    does: 'counts the lines of all subscriptions, whichever it is asked for',
    sabotage: counting((lines, query) => [lines, { ...query, subscriptionId: null }]),
    caughtBy: 'countAttempts counts an account’s own lines, of one subscription where it is asked for one',
    sentence: /^it does not count just the lines of the subscription/,
  },
  {
    does: 'counts the lines of a subscription, whosever it is',
    sabotage: (sound) => ({
      async countAttempts(accountId, query) {
        const own = await sound.countAttempts(accountId, query);
        return own.length > 0 || query.subscriptionId === null ? own : sound.countAttempts('b', query);
      },
    }),
    caughtBy: 'countAttempts counts an account’s own lines, of one subscription where it is asked for one',
    sentence: /^an account counts lines of another/,
  },
  {
    does: 'counts nothing where it should refuse',
    sabotage: (sound) => ({ countAttempts: async (accountId, query) => sound.countAttempts(accountId, query).catch(() => []) }),
    caughtBy: 'countAttempts refuses a question that no storage can answer, as invalid',
    sentence: /^it took \{"everyMs":0\}/,
  },
  {
    does: 'looks for records in answers',
    sabotage: withLeaves((field) => (field === 'record' ? 'answer' : field)),
    caughtBy: 'listAttempts finds lines by their answers, and by the records of their events',
    sentence: /^lines are not found by what is in the records of their events/,
  },
  {
    does: 'looks for answers in reasons',
    sabotage: withLeaves((field) => (field === 'answer' ? 'reason' : field)),
    caughtBy: 'listAttempts finds lines by their answers, and by the records of their events',
    sentence: /^lines are not found by what is in their answers/,
  },
  {
    does: 'sorts by long texts as by any other',
    sabotage: (sound) => ({
      listAttempts: async (accountId, query) =>
        sound
          .listAttempts(accountId, query)
          .catch(async () => sound.listAttempts(accountId, { ...query, sort: everything.sort })),
    }),
    caughtBy: 'listAttempts finds lines by their answers, and by the records of their events',
    sentence: /^it sorted by answer/,
  },
  {
    does: 'probes the lane of a paused subscription as that of a suspended one',
    sabotage: (sound) => ({
      moveHealth: async (moves) =>
        sound.moveHealth(
          moves.map((move) => {
            const pauseLaneMs = move.health === 'paused' ? 60_000 : move.pauseLaneMs;
            return { ...move, pauseLaneMs };
          }),
        ),
    }),
    caughtBy: 'claimDeliveries leaves the lane of a paused subscription alone, however long, until it is opened',
    sentence: /^a delivery is said to be due in 60000 ms while its subscription is paused/,
  },
  {
    does: 'lets paused subscriptions miss their events',
    sabotage: (sound) => ({
      findSubscriptions: async (keys) => (await sound.findSubscriptions(keys)).filter(({ health }) => health !== 'paused'),
    }),
    caughtBy: 'claimDeliveries leaves the lane of a paused subscription alone, however long, until it is opened',
    sentence: /^a paused subscription misses its events/,
  },
];

/** A storage that looks at another field than it is asked for. */
function withLeaves(change: (field: 'answer' | 'record' | 'reason') => 'answer' | 'record' | 'reason'): Sabotage {
  return (sound: StorageAdapter) => ({
    async listAttempts(accountId, query) {
      const { where } = query;
      if (where?.kind !== 'compare') return sound.listAttempts(accountId, query);
      const field = change(where.field as 'answer');
      return sound.listAttempts(accountId, { ...query, where: { ...where, field } });
    },
  });
}
