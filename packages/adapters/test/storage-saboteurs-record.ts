import type { RecordResult, Subscription } from '@hookwell/core';
import { everything, type StorageSaboteur } from './storage-saboteur.ts';
import { recording, withoutFences } from './storage-saboteurs-claim.ts';

/** Storages that break promises about outcomes and about health. */
export const recordSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'forgets what was answered',
    sabotage: recording((outcome) => ({ ...outcome, answer: '' })),
    caughtBy: 'recordOutcomes ends a delivery with a final outcome, and leaves a line in the log',
    sentence: /^the line is not what the outcome says/,
  },
  {
    does: 'never ends what failed',
    sabotage: recording((outcome) =>
      outcome.outcome === 'failed' ? { ...outcome, outcome: 'retry', retryInMs: 1e12 } : outcome,
    ),
    caughtBy: 'recordOutcomes ends a delivery with a final outcome, and leaves a line in the log',
    sentence: /^a delivery that is failed was not ended/,
  },
  {
    does: 'makes retries wait twice as long',
    sabotage: recording((outcome) => ({ ...outcome, retryInMs: outcome.retryInMs && 2 * outcome.retryInMs })),
    caughtBy: 'recordOutcomes gives a delivery back that is to be tried again, due when the outcome says',
    sentence: /^it is not due when the outcome says/,
  },
  {
    does: 'holds every failure against the delivery',
    sabotage: recording((outcome) => ({ ...outcome, countsAgainstDelivery: true })),
    caughtBy: 'recordOutcomes counts attempts, and failures only where the outcome counts against the delivery',
    sentence: /^attempts or failures are not counted as the outcomes say/,
  },
  {
    does: 'pays no attention to fences',
    sabotage: withoutFences,
    caughtBy: 'recordOutcomes writes nothing under a fence that does not hold, and says which were written',
    sentence: /^it does not say which outcomes were written/,
  },
  {
    does: 'says of all outcomes that they were written',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        return { ...(await sound.recordOutcomes(outcomes)), written: outcomes.map(() => true) };
      },
    }),
    caughtBy: 'recordOutcomes writes nothing under a fence that does not hold, and says which were written',
    sentence: /^it does not say which outcomes were written/,
  },
  {
    does: 'does not know again what it has written',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const unheard = outcomes.filter((outcome) => !notes.has(outcome));
        for (const outcome of outcomes) notes.set(outcome, true);
        const { written, ...rest } = await sound.recordOutcomes(unheard);
        return { ...rest, written: outcomes.map((outcome) => written[unheard.indexOf(outcome)] ?? false) };
      },
    }),
    caughtBy: 'recordOutcomes made again with the same outcomes answers as before, and changes nothing',
    sentence: /^a call that is made again, since its answer was lost, is told something else/,
  },
  {
    does: 'tells nobody of a failure whose answer was lost',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const isNew = outcomes.some((outcome) => !notes.has(outcome));
        for (const outcome of outcomes) notes.set(outcome, true);
        const result = await sound.recordOutcomes(outcomes);
        return isNew ? result : { ...result, subscriptions: [] };
      },
    }),
    caughtBy: 'recordOutcomes made again with the same outcomes answers as before, and changes nothing',
    sentence: /^nobody is told of the failure whose answer was lost/,
  },
  {
    does: 'throws a result away when the lease is over, though nobody has taken it over',
    sabotage: (sound, { now }) => ({
      async recordOutcomes(outcomes) {
        const { rows } = await sound.listDeliveries('a', everything);
        const over = new Set(rows.filter(({ dueAt }) => dueAt <= now()).map(({ id }) => id));
        return sound.recordOutcomes(
          outcomes.map((outcome) => (over.has(outcome.deliveryId) ? { ...outcome, fence: '' } : outcome)),
        );
      },
    }),
    caughtBy: 'recordOutcomes writes under a lease that ran out while nobody has taken it over',
    sentence: /^the result of an attempt was thrown away though nobody else had begun another/,
  },
  {
    does: 'tells the time of its start',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const result = await sound.recordOutcomes(outcomes);
        if (!notes.has('now')) notes.set('now', result.now);
        return { ...result, now: notes.get('now') as number };
      },
    }),
    caughtBy: 'recordOutcomes tells the storage’s time',
    sentence: /^the time did not pass/,
  },
  {
    does: 'writes outcomes one by one',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        const results: RecordResult[] = [];
        for (const outcome of outcomes) results.push(await sound.recordOutcomes([outcome]));
        const { now } = await sound.recordOutcomes([]);
        const rows = new Map(results.flatMap(({ subscriptions }) => subscriptions).map((row) => [row.id, row]));
        return { written: results.flatMap(({ written }) => written), subscriptions: [...rows.values()], now };
      },
    }),
    caughtBy: 'recordOutcomes writes all of a batch or nothing',
    sentence: /^a batch that failed gave a delivery back/,
  },
  {
    does: 'takes an outcome that says nothing of the endpoint for a failure of it',
    sabotage: recording((outcome) => (outcome.endpoint === 'unknown' ? { ...outcome, endpoint: 'failed' } : outcome)),
    caughtBy: 'recordOutcomes counts failures in a row, and keeps since when there are any',
    sentence: /^an outcome that says nothing of the endpoint changed its failures/,
  },
  {
    does: 'takes the last failure for the first',
    sabotage: (sound, { now }) => ({
      async listSubscriptions(accountId, query) {
        const { rows, total } = await sound.listSubscriptions(accountId, query);
        return {
          rows: rows.map((row): Subscription => (row.failingSince === null ? row : Object.assign(row, { failingSince: now() }))),
          total,
        };
      },
    }),
    caughtBy: 'recordOutcomes counts failures in a row, and keeps since when there are any',
    sentence: /^failingSince moved with a later failure/,
  },
  {
    does: 'lets the last pause of a batch count instead of the longest',
    sabotage: recording((outcome, _index, all) => {
      const last = all.findLast(({ pauseLaneMs }) => pauseLaneMs > 0);
      return { ...outcome, pauseLaneMs: last?.pauseLaneMs ?? 0 };
    }),
    caughtBy: 'recordOutcomes pauses a lane for the longest time that was asked for',
    sentence: /^the pause is not the longest of those asked for/,
  },
  {
    does: 'takes an end without an attempt for an attempt',
    sabotage: recording((outcome) => ({ ...outcome, number: Math.max(outcome.number, 1) })),
    caughtBy: 'recordOutcomes keeps when the last attempt began, its status and its event',
    sentence: /^it does not keep the last attempt, and no end without one/,
  },
  {
    does: 'answers no rows',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        return { ...(await sound.recordOutcomes(outcomes)), subscriptions: [] };
      },
    }),
    caughtBy: 'recordOutcomes answers the rows of those that failed, or answered while not healthy, and no others',
    sentence: /^it answers others than those that somebody has to look at/,
  },
  {
    does: 'leaves the version of what it moves',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        const moved = await sound.moveHealth(moves);
        return moved.map((row, index) => row && Object.assign(row, { healthVersion: moves[index]!.healthVersion }));
      },
    }),
    caughtBy: 'moveHealth makes a change whose version is the row’s, and raises the version',
    sentence: /^the version was not raised/,
  },
  {
    does: 'pays no attention to versions',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        const { rows } = await sound.listSubscriptions('a', everything);
        const versions = new Map(rows.map(({ id, healthVersion }) => [id, healthVersion]));
        const present = moves.map((move) => {
          const healthVersion = versions.get(move.subscriptionId) ?? move.healthVersion;
          return { ...move, healthVersion };
        });
        return sound.moveHealth(present);
      },
    }),
    caughtBy: 'moveHealth answers null for a move that comes too late, and changes nothing then',
    sentence: /^a change was made on top of a version that is gone/,
  },
  {
    does: 'takes every move for a new state',
    sabotage: (sound, { now }) => ({
      async moveHealth(moves) {
        return (await sound.moveHealth(moves)).map((row) => row && Object.assign(row, { healthSince: now() }));
      },
    }),
    caughtBy: 'moveHealth moves healthSince only when the state moves',
    sentence: /^healthSince moved though the state did not/,
  },
  {
    does: 'says with each good answer that a subscription was opened',
    sabotage: (sound, { now }) => ({
      moveHealth: async (moves) =>
        (await sound.moveHealth(moves)).map(
          (row) => row && (row.health === 'healthy' ? Object.assign(row, { reopenedAt: now() }) : row),
        ),
    }),
    caughtBy: 'moveHealth keeps when a subscription was last opened after it had been closed',
    sentence: /^one that was failing is said to be opened/,
  },
  {
    does: 'does not keep when a subscription was opened',
    sabotage: (sound) => ({
      moveHealth: async (moves) => (await sound.moveHealth(moves)).map((row) => row && Object.assign(row, { reopenedAt: null })),
    }),
    caughtBy: 'moveHealth keeps when a subscription was last opened after it had been closed',
    sentence: /^reopenedAt is not the time of the change/,
  },
  {
    does: 'opens every lane that is not to be closed',
    sabotage: (sound) => ({
      moveHealth: async (moves) =>
        sound.moveHealth(
          moves.map((move) => {
            const pauseLaneMs = move.pauseLaneMs ?? 0;
            return { ...move, pauseLaneMs };
          }),
        ),
    }),
    caughtBy: 'moveHealth closes the lane, opens it, or leaves it as it is',
    sentence: /^a move that leaves the lane as it is changed its pause/,
  },
  {
    does: 'makes moves one by one',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        const rows: (Subscription | null)[] = [];
        for (const move of moves) rows.push(...(await sound.moveHealth([move])));
        return rows;
      },
    }),
    caughtBy: 'moveHealth makes all changes of a call, or none',
    sentence: /^a call that failed changed a subscription/,
  },
];
