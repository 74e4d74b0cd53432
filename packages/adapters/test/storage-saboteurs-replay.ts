import type { ReplayClaim, ReplaySearch, ReplayStep } from '@hookwell/core';
import { everything, type StorageSaboteur } from './storage-saboteur.ts';

const created = "createReplay stores a replay that runs, with the newest line of its account's log, and leaves one that is there";
const listed = "listReplays answers an account's own replays, as the query says";
const finished = 'findReplayable answers finished deliveries of the account that ended so, by their last line';
const missing = 'findReplayable answers the events of the account that a subscription to their topic is missing';
const parts = 'findReplayable goes on from any place, as far as it is told to look';
const cancelled = "cancelReplay ends the account's own replay that runs";
const pruned = 'prune spares what a replay may still need, and forgets replays that ended long ago';
const leased = 'claimReplays leases the steps that are due to one caller, longest due first';
const noted = 'claimReplays takes note of what became of the deliveries that were made due';
const again = 'advanceReplays makes finished deliveries due again under their ids, and counts them';
const anew = 'advanceReplays stores what is missing once for each event and subscription of the account';
const whole = 'advanceReplays makes each step once, as a whole or not at all, and ends a replay';

/** A search whose filter is changed. */
const filtered = (search: ReplaySearch, given: Partial<ReplaySearch['filter']>): ReplaySearch => ({
  ...search,
  filter: { ...search.filter, ...given },
});

/** A claim whose counts are changed. */
const counted = (claim: ReplayClaim, given: Partial<ReplayClaim['replay']>): ReplayClaim => ({
  ...claim,
  replay: { ...claim.replay, ...given },
});

/** Storages that break promises about replays. */
export const replaySaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'forgets what a replay is for',
    sabotage: (sound) => ({
      createReplay: async (replay) => sound.createReplay({ ...replay, filter: { ...replay.filter, record: null } }),
    }),
    caughtBy: created,
    sentence: /^it is not the replay that was to be stored/,
  },
  {
    does: 'takes the newest line of all accounts for that of the replay’s',
    sabotage: (sound) => ({
      createReplay: async (replay) => ({ ...(await sound.createReplay(replay)), lastLine: 2 }),
    }),
    caughtBy: created,
    sentence: /^it is not the replay that was to be stored/,
  },
  {
    does: 'lists the replays of everybody',
    sabotage: (sound) => ({
      async listReplays(accountId, query) {
        const [own, other] = [await sound.listReplays(accountId, query), await sound.listReplays('b', query)];
        return { rows: [...own.rows, ...other.rows], total: own.total + other.total };
      },
    }),
    caughtBy: listed,
    sentence: /^it does not list just the replays of the account/,
  },
  {
    does: 'finds finished deliveries of other accounts',
    sabotage: (sound) => ({
      async findReplayable(accountId, search) {
        const [own, other] = [await sound.findReplayable('a', search), await sound.findReplayable('b', search)];
        return accountId === 'b' ? { ...own, rows: [...own.rows, ...other.rows] } : own;
      },
    }),
    caughtBy: finished,
    sentence: /^an account finds deliveries of another/,
  },
  {
    does: 'looks at no outcome',
    sabotage: (sound) => ({
      findReplayable: async (accountId, search) =>
        sound.findReplayable(accountId, filtered(search, { outcomes: ['delivered', 'failed', 'cancelled'] })),
    }),
    caughtBy: finished,
    sentence: /^it answers what has ended otherwise/,
  },
  {
    does: 'looks at no time',
    sabotage: (sound) => ({
      findReplayable: async (accountId, search) => sound.findReplayable(accountId, filtered(search, { from: 0 })),
    }),
    caughtBy: finished,
    sentence: /^it answers what ended before "from"/,
  },
  {
    does: 'takes what subscriptions that have ended would get for missing',
    sabotage: (sound) => ({
      async findReplayable(accountId, search) {
        const page = await sound.findReplayable(accountId, search);
        return search.looksAt === 'missing' ? { ...page, rows: [...page.rows, ...page.rows.slice(0, 1)] } : page;
      },
    }),
    caughtBy: missing,
    sentence: /^it does not answer just what subscriptions of the account are missing/,
  },
  {
    does: 'goes on one row too far',
    sabotage: (sound) => ({
      async findReplayable(accountId, search) {
        const page = await sound.findReplayable(accountId, search);
        return search.after === '' ? page : { ...page, rows: page.rows.slice(1) };
      },
    }),
    caughtBy: parts,
    sentence: /^in parts, another finished is found|^a search for what is finished goes on elsewhere/,
  },
  {
    does: 'cancels replays of other accounts',
    sabotage: (sound) => ({
      cancelReplay: async (_accountId, id, reason) => sound.cancelReplay('a', id, reason),
    }),
    caughtBy: cancelled,
    sentence: /^an account cancelled a replay of another/,
  },
  {
    does: 'lets a replay that was cancelled go on',
    sabotage: (sound, { notes }) => ({
      async claimReplays(request) {
        const answer = await sound.claimReplays(request);
        for (const claim of answer.claims) notes.set(claim.replay.id, claim.replay);
        return answer;
      },
      async advanceReplays(steps) {
        const rows = await sound.advanceReplays(steps);
        return rows.map((row, index) => row ?? (notes.get(steps[index]?.id) as typeof row));
      },
    }),
    caughtBy: cancelled,
    sentence: /^a replay that was cancelled goes on/,
  },
  {
    does: 'forgets lines that a replay still needs',
    sabotage: (sound) => ({
      async prune(request) {
        const { rows } = await sound.listReplays('a', everything);
        for (const { id } of rows) await sound.cancelReplay('a', id, 'in the way');
        return sound.prune(request);
      },
    }),
    caughtBy: pruned,
    sentence: /^a line, an event or a replay went that a replay still needs/,
  },
  {
    does: 'leases a step to whoever asks',
    sabotage: (sound) => ({ claimReplays: async (request) => sound.claimReplays({ ...request, leaseMs: 0 }) }),
    caughtBy: leased,
    sentence: /^it leases a step to two callers/,
  },
  {
    does: 'says nothing of what is due next',
    sabotage: (sound) => ({
      claimReplays: async (request) => ({ ...(await sound.claimReplays(request)), nextInMs: null }),
    }),
    caughtBy: leased,
    sentence: /^it does not say that another one is due/,
  },
  {
    does: 'makes every step due at once',
    sabotage: (sound) => ({
      advanceReplays: async (steps) => sound.advanceReplays(steps.map((step): ReplayStep => ({ ...step, waitMs: 0 }))),
    }),
    caughtBy: leased,
    sentence: /^a step is due before its time/,
  },
  {
    does: 'counts everything that has ended as delivered',
    sabotage: (sound) => ({
      async claimReplays(request) {
        const answer = await sound.claimReplays(request);
        const claims = answer.claims.map((claim) => {
          const { delivered, failed, cancelled: ended } = claim.replay;
          return counted(claim, { delivered: delivered + failed + ended, failed: 0, cancelled: 0 });
        });
        return { ...answer, claims };
      },
    }),
    caughtBy: noted,
    sentence: /^it does not count how they ended/,
  },
  {
    does: 'tells what has failed once from nothing else',
    sabotage: (sound) => ({
      async claimReplays(request) {
        const answer = await sound.claimReplays(request);
        return { ...answer, claims: answer.claims.map((claim) => Object.assign({}, claim, { unsent: claim.replay.waiting })) };
      },
    }),
    caughtBy: noted,
    sentence: /^it does not tell those that wait, and those that have not failed, from the others/,
  },
  {
    does: 'makes deliveries of other accounts due',
    sabotage: (sound) => ({
      async advanceReplays(steps) {
        for (const id of steps.flatMap((step) => step.again)) await sound.replayDelivery('b', id);
        return sound.advanceReplays(steps);
      },
    }),
    caughtBy: again,
    sentence: /^a replay made a delivery of another account due/,
  },
  {
    does: 'hides that a replay has made a delivery due',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const answer = await sound.claimDeliveries(request);
        return { ...answer, claims: answer.claims.map(({ replayed: _replayed, ...claim }) => claim) };
      },
    }),
    caughtBy: again,
    sentence: /^whoever claims it does not see that a replay made it due/,
  },
  {
    does: 'stays where it was',
    sabotage: (sound) => ({
      advanceReplays: async (steps) =>
        sound.advanceReplays(steps.map((step): ReplayStep => ({ ...step, place: { looksAt: 'finished', after: '' } }))),
    }),
    caughtBy: again,
    sentence: /^it does not go on where it was told to/,
  },
  {
    does: 'stores only the last of what is missing',
    sabotage: (sound) => ({
      advanceReplays: async (steps) =>
        sound.advanceReplays(steps.map((step): ReplayStep => ({ ...step, anew: step.anew.slice(-1) }))),
    }),
    caughtBy: anew,
    sentence: /^an unfinished delivery is not listed any more/,
  },
  {
    does: 'moves on in one call, and makes deliveries due in another',
    sabotage: (sound) => ({
      async advanceReplays(steps) {
        const rows = await sound.advanceReplays(steps.map((step): ReplayStep => ({ ...step, again: [], anew: [] })));
        for (const id of steps.flatMap((step) => step.again)) await sound.replayDelivery('a', id);
        return rows;
      },
    }),
    caughtBy: whole,
    sentence: /^what cannot be read was stored|^a replay has moved on without its deliveries/,
  },
  {
    does: 'takes a step that was made for one that came too late',
    sabotage: (sound, { notes }) => ({
      async advanceReplays(steps) {
        const rows = await sound.advanceReplays(steps);
        return rows.map((row, index) => {
          const key = `${steps[index]?.fence} ${steps[index]?.steps}`;
          if (notes.has(key)) return null;
          notes.set(key, true);
          return row;
        });
      },
    }),
    caughtBy: whole,
    sentence: /^a step that was made does not answer its row/,
  },
  {
    does: 'never ends a replay',
    sabotage: (sound) => ({
      advanceReplays: async (steps) => sound.advanceReplays(steps.map((step): ReplayStep => ({ ...step, end: null }))),
    }),
    caughtBy: whole,
    sentence: /^a replay does not say that it has ended/,
  },
];
