import { HookwellError, type StoredEvent, type Subscription } from '@hookwell/core';
import { everything, type StorageSaboteur } from './storage-saboteur.ts';
import { underPresentFences } from './storage-saboteurs-claim.ts';

/** Storages that break promises about handing back, replaying, cancelling and forgetting. */
export const manageSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'keeps what is handed back until the lease is over',
    sabotage: () => ({ releaseDeliveries: async () => undefined }),
    caughtBy: 'releaseDeliveries makes claims due at once, as if they had not been claimed',
    sentence: /^a claim that was handed back is still held/,
  },
  {
    does: 'counts what is handed back as abandoned',
    sabotage: (sound, { notes }) => ({
      async releaseDeliveries(leases) {
        for (const { deliveryId } of leases) notes.set(deliveryId, true);
        await sound.releaseDeliveries(leases);
      },
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        const claims = result.claims.map(({ abandonments, ...claim }) =>
          Object.assign(claim, { abandonments: abandonments + (notes.has(claim.id) ? 1 : 0) }),
        );
        return { ...result, claims };
      },
    }),
    caughtBy: 'releaseDeliveries makes claims due at once, as if they had not been claimed',
    sentence: /^being handed back left a mark on a delivery/,
  },
  {
    does: 'lets anybody hand a delivery back',
    sabotage: (sound) => ({
      releaseDeliveries: async (leases) => sound.releaseDeliveries(await underPresentFences(sound, leases)),
    }),
    caughtBy: 'releaseDeliveries does nothing under a fence that does not hold',
    sentence: /^a delivery was released under a fence that does not hold/,
  },
  {
    does: 'hands claims back one by one',
    sabotage: (sound) => ({
      async releaseDeliveries(leases) {
        for (const lease of leases) await sound.releaseDeliveries([lease]);
      },
    }),
    caughtBy: 'releaseDeliveries hands all of its claims back, or none',
    sentence: /^a call that failed handed a claim back/,
  },
  {
    does: 'tells when the next delivery is due instead of in how long',
    sabotage: (sound, { now }) => ({
      async nextDueInMs() {
        const inMs = await sound.nextDueInMs();
        return inMs === null ? null : now() + inMs;
      },
    }),
    caughtBy: 'nextDueInMs answers how long until something can be claimed, 0 for now, and null when nothing waits',
    sentence: /^it does not tell when a lease runs out: \d+ instead of 60000/,
  },
  {
    does: 'does not think of pauses when it tells what is due',
    sabotage: (sound) => ({
      async nextDueInMs() {
        const { rows } = await sound.listDeliveries('a', { ...everything, sort: { field: 'dueAt', direction: 'asc' } });
        const { now } = await sound.recordOutcomes([]);
        return rows[0] ? Math.max(0, rows[0].dueAt - now) : null;
      },
    }),
    caughtBy: 'nextDueInMs counts pauses of lanes in, but none of an unsubscribed subscription',
    sentence: /^a delivery is said to be due while its lane is paused/,
  },
  {
    does: 'rejects an announcement that nobody hears',
    sabotage: () => ({
      async announceDue() {
        throw new HookwellError('storage_failed', 'Nobody is there.');
      },
    }),
    caughtBy: 'announceDue resolves, whoever hears it, and changes nothing',
    sentence: /^it rejects what nobody needs to hear/,
  },
  {
    does: 'announces nothing',
    sabotage: () => ({ announceDue: async () => undefined }),
    caughtBy: 'announceDue is heard by the others, and not by who announces',
    sentence: /^another storage did not hear of it/,
  },
  {
    does: 'hears itself',
    sabotage: (sound, { notes }) => ({
      async start(context) {
        notes.set(sound, context.onDue);
        await sound.start(context);
      },
      async announceDue() {
        (notes.get(sound) as (() => void) | undefined)?.();
        await sound.announceDue();
      },
    }),
    caughtBy: 'announceDue is heard by the others, and not by who announces',
    sentence: /^who announces hears itself/,
  },
  {
    does: 'begins to count attempts anew when it replays',
    sabotage: (sound, { notes }) => ({
      async replayDelivery(accountId, deliveryId) {
        const replayed = await sound.replayDelivery(accountId, deliveryId);
        if (replayed) notes.set(deliveryId, true);
        return replayed;
      },
      async listDeliveries(accountId, query) {
        const { rows, total } = await sound.listDeliveries(accountId, query);
        return {
          rows: rows.map(({ attempts, ...row }) => Object.assign(row, { attempts: notes.has(row.id) ? 0 : attempts })),
          total,
        };
      },
    }),
    caughtBy: 'replayDelivery makes a finished delivery due again under its old id, its schedule begun anew',
    sentence: /^it is not the old delivery with its schedule begun anew/,
  },
  {
    does: 'replays by the id alone',
    sabotage: (sound) => ({ replayDelivery: async (_accountId, deliveryId) => sound.replayDelivery('a', deliveryId) }),
    caughtBy: 'replayDelivery answers false, and does nothing, when it cannot be sent again',
    sentence: /^an account replayed a delivery of another/,
  },
  {
    does: 'says of every delivery that it knows that it was replayed',
    sabotage: (sound) => ({
      async replayDelivery(accountId, deliveryId) {
        const replayed = await sound.replayDelivery(accountId, deliveryId);
        const { rows } = await sound.listDeliveries(accountId, everything);
        return replayed || rows.some(({ id }) => id === deliveryId);
      },
    }),
    caughtBy: 'replayDelivery answers false, and does nothing, when it cannot be sent again',
    sentence: /^it replayed a delivery that is being sent/,
  },
  {
    does: 'cancels without a word',
    sabotage: (sound) => ({
      async listAttempts(accountId, query) {
        const { rows, total } = await sound.listAttempts(accountId, query);
        return { rows: rows.filter(({ outcome }) => outcome !== 'cancelled'), total };
      },
    }),
    caughtBy: 'cancelDelivery ends a delivery, with its reason in the log',
    sentence: /^the line does not say that it was cancelled, and why/,
  },
  {
    does: 'cancels by the id alone',
    sabotage: (sound) => ({ cancelDelivery: async (_accountId, id, reason) => sound.cancelDelivery('a', id, reason) }),
    caughtBy: 'cancelDelivery answers false, and does nothing, when somebody holds it or the account has no such one',
    sentence: /^an account cancelled a delivery of another/,
  },
  {
    does: 'cancels what is being sent',
    sabotage: (sound) => ({
      async cancelDelivery(accountId, deliveryId, reason) {
        await sound.releaseDeliveries(await underPresentFences(sound, [{ deliveryId, fence: '' }]));
        return sound.cancelDelivery(accountId, deliveryId, reason);
      },
    }),
    caughtBy: 'cancelDelivery answers false, and does nothing, when somebody holds it or the account has no such one',
    sentence: /^a delivery was cancelled that is being sent/,
  },
  {
    does: 'takes a lease for held for ever',
    sabotage: (sound) => ({
      async cancelDelivery(accountId, deliveryId, reason) {
        const { rows } = await sound.listDeliveries(accountId, everything);
        const isHeld = rows.some(({ id, fence }) => id === deliveryId && fence !== null);
        return isHeld ? false : sound.cancelDelivery(accountId, deliveryId, reason);
      },
    }),
    caughtBy: 'cancelDelivery ends a delivery whose lease ran out, and lets its fence hold no more',
    sentence: /^a delivery that nobody holds was not cancelled/,
  },
  {
    does: 'forgets failures as soon as what was delivered',
    sabotage: (sound) => ({
      prune: async (request) => sound.prune({ ...request, failedAfterMs: request.deliveredAfterMs }),
    }),
    caughtBy: 'prune forgets lines of the log by their age, of what was delivered sooner than of all else',
    sentence: /^it does not leave just the lines that are young enough/,
  },
  {
    does: 'keeps as many lines as there are',
    sabotage: (sound) => ({ prune: async (request) => sound.prune({ ...request, maxAttemptsPerAccount: 1e9 }) }),
    caughtBy: 'prune keeps no more lines of an account than it may have, the newest',
    sentence: /^it does not leave the newest lines of an account, as many as it may have/,
  },
  {
    does: 'forgets events when the younger age is over',
    sabotage: (sound) => ({
      async prune(request) {
        const { deliveredAfterMs, failedAfterMs } = request;
        const age = Math.min(deliveredAfterMs, failedAfterMs);
        return sound.prune({ ...request, deliveredAfterMs: age, failedAfterMs: age });
      },
    }),
    caughtBy: 'prune forgets events that nothing needs, when they are older than both ages',
    sentence: /^an event went that is younger than one of the ages/,
  },
  {
    does: 'forgets every event',
    sabotage: (sound, { notes }) => ({
      async prune(request) {
        const pruned = await sound.prune(request);
        if (pruned.events > 0) notes.set('gone', true);
        return pruned;
      },
      async findEvents(accountId, ids) {
        return notes.has('gone') ? ([] as StoredEvent[]) : sound.findEvents(accountId, ids);
      },
    }),
    caughtBy: 'prune forgets events that nothing needs, when they are older than both ages',
    sentence: /^not just the old events that no delivery and no line needs went/,
  },
  {
    does: 'forgets what has waited for long',
    sabotage: (sound) => ({
      async prune(request) {
        const { rows } = await sound.listDeliveries('a', everything);
        for (const { id } of rows) await sound.cancelDelivery('a', id, 'too old');
        return sound.prune(request);
      },
    }),
    caughtBy: 'prune never forgets an unfinished delivery, nor what it needs',
    sentence: /^an unfinished delivery was forgotten/,
  },
  {
    does: 'loses the subscription of an unfinished delivery',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        const isLiving = ({ health }: Subscription): boolean => health !== 'unsubscribed';
        return { ...result, subscriptions: result.subscriptions.filter(isLiving) };
      },
    }),
    caughtBy: 'prune never forgets an unfinished delivery, nor what it needs',
    sentence: /^the subscription of an unfinished delivery was forgotten/,
  },
  {
    does: 'forgets no subscription',
    sabotage: (sound) => ({ prune: async (request) => ({ ...(await sound.prune(request)), subscriptions: 0 }) }),
    caughtBy: 'prune forgets unsubscribed subscriptions that nothing refers to, when they ended before both ages',
    sentence: /^not just the one that ended long ago, and that nothing needs, went/,
  },
  {
    does: 'forgets everything in one call',
    sabotage: (sound) => ({ prune: async (request) => sound.prune({ ...request, limit: 1e9 }) }),
    caughtBy: 'prune forgets no more rows of a kind in a call than it may, and goes on with the next',
    sentence: /^3 rows of a kind went in one call/,
  },
  {
    does: 'forgets what one call can and no more',
    sabotage: (sound, { notes }) => ({
      async prune(request) {
        if (notes.has('pruned')) return { attempts: 0, events: 0, subscriptions: 0 };
        notes.set('pruned', true);
        return sound.prune(request);
      },
    }),
    caughtBy: 'prune forgets no more rows of a kind in a call than it may, and goes on with the next',
    sentence: /^not just the lines that are too many went/,
  },
];
