import type { Plugin, StorageAdapter, TransportAdapter } from '@hookwell/core';
import { monotonicMs, type ClaimSeen, type Note } from './evidence.ts';
import type { Points } from './points.ts';

/** What is watched with: where notes go, and the points at which to die. */
export interface Watch {
  readonly holder: string;
  readonly note: (note: Note) => void;
  readonly points: Points;
}

/** What is worth a note, in milliseconds. */
const slowMs = 700;

/** The same storage, that notes slow calls. */
function timed(storage: StorageAdapter, note: Watch['note']): StorageAdapter {
  const entries = Object.entries(storage).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function') return [name, member];
    return [
      name,
      async (...parameters: unknown[]): Promise<unknown> => {
        const from = monotonicMs();
        try {
          return await (member as (...given: unknown[]) => Promise<unknown>)(...parameters);
        } finally {
          const at = monotonicMs();
          if (at - from > slowMs) note({ note: 'slow', call: name, from, at });
        }
      },
    ];
  });
  return Object.fromEntries(entries) as StorageAdapter;
}

interface Claimed {
  readonly from: number;
  readonly to: number;
}

/** How long a receiver is asked to think, and when in between the victim dies, for a request that is written and not answered. */
const afterSendMs = { think: 700, die: 60 };

/**
 * The ports of an engine as they are, watched from outside: which claim each attempt belongs to travels with it in a
 * header, outcomes that were written are noted, and the points are passed.
 */
export function watchEngine({ holder, note, points }: Watch) {
  /** The latest claim of each delivery. */
  const claims = new Map<string, Claimed>();
  const byFence = new Map<string, Claimed>();
  /** When each fence was asked for at first: a call that is made again may have been carried out the first time. */
  const askedAt = new Map<string, number>();
  const recordedAt = new Map<string, number>();

  const firstAsked = (times: Map<string, number>, key: string): number => {
    const at = times.get(key) ?? monotonicMs();
    times.set(key, at);
    return at;
  };

  function take(deliveries: readonly { readonly id: string }[], fence: string): void {
    const claimed = { from: firstAsked(askedAt, fence), to: monotonicMs() };
    byFence.set(fence, claimed);
    for (const { id } of deliveries) claims.set(id, claimed);
    askedAt.delete(fence);
  }

  const watchStorage = (adapter: StorageAdapter): StorageAdapter => {
    const storage = timed(adapter, note);
    return {
      ...storage,
      start: async (context) => points.during('during-migration', async () => storage.start(context)),
      prune: async (request) => points.during('during-retention', async () => storage.prune(request)),
      async storeEvents(batch) {
        firstAsked(askedAt, batch.fence);
        const answer = await storage.storeEvents(batch);
        points.reached('after-store');
        take(
          batch.deliveries.filter(({ leased }) => leased),
          batch.fence,
        );
        return answer;
      },
      async claimDeliveries(request) {
        firstAsked(askedAt, request.fence);
        const answer = await storage.claimDeliveries(request);
        if (answer.claims.length > 0) points.reached('after-claim');
        take(answer.claims, request.fence);
        return answer;
      },
      async recordOutcomes(outcomes) {
        const from = Math.min(...outcomes.map(({ deliveryId, fence }) => firstAsked(recordedAt, `${deliveryId} ${fence}`)));
        const recording = storage.recordOutcomes(outcomes);
        // On PostgreSQL the statement is on its way, or at work, by then.
        if (points.isArmed('during-record')) setTimeout(() => points.reached('during-record'), 1);
        const result = await recording;
        const written = outcomes.filter((_, index) => result.written[index]);
        note({
          note: 'recorded',
          from,
          at: monotonicMs(),
          outcomes: written.map(({ deliveryId, fence, outcome }) => ({
            delivery: deliveryId,
            claimedFrom: byFence.get(fence)?.from ?? 0,
            claimedTo: byFence.get(fence)?.to ?? 0,
            final: outcome !== 'retry',
          })),
        });
        points.reached('after-record');
        for (const { deliveryId, fence } of outcomes) recordedAt.delete(`${deliveryId} ${fence}`);
        return result;
      },
    };
  };

  const watchTransport = (transport: TransportAdapter): TransportAdapter => ({
    ...transport,
    async send(request) {
      const from = monotonicMs();
      const claimedFrom = claims.get(request.deliveryId)?.from ?? 0;
      const dies = points.isArmed('after-send');
      const sending = transport.send(
        dies ? { ...request, headers: [...request.headers, 'x-think-ms', String(afterSendMs.think)] } : request,
      );
      if (dies) setTimeout(() => points.reached('after-send'), afterSendMs.die);
      const result = await sending;
      if (result.ok) points.reached('after-answer');
      else if (result.status === 0)
        note({ note: 'failed', delivery: request.deliveryId, claimedFrom, from, at: monotonicMs(), reason: result.reason });
      return result;
    },
  });

  const plugin: Plugin = {
    name: 'crash watch',
    request({ deliveryId }) {
      const claimed = claims.get(deliveryId);
      const seen: ClaimSeen = { holder, claimedFrom: claimed?.from ?? 0, claimedTo: claimed?.to ?? 0 };
      return ['x-claim', JSON.stringify({ ...seen, sentAt: monotonicMs() })];
    },
  };

  return { watchStorage, watchTransport, plugin };
}
