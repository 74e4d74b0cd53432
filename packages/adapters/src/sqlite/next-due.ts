import { dueAfterEarlier } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';
import { prepareNextLane, type LaneRow } from './walk-lanes.ts';

/** Lanes looked at in one turn of the event loop. */
const lanesPerTurn = 1_000;

/** Makes the look at when the next delivery can be claimed; the host has its turns between two parts of a long one. */
export function prepareNextDue(connection: Connection) {
  const nextLane = prepareNextLane(connection);
  const findPause = connection.prepare(
    queries.selectFrom('hookwell_subscriptions').select(['health', 'paused_until']).where('id', '=', bound<number>()),
  );

  function claimableAt({ subscription_id, due_at }: LaneRow): number {
    const pause = due_at >= dueAfterEarlier ? undefined : findPause.get(subscription_id);
    if (!pause) return Number.POSITIVE_INFINITY;
    return pause.health === 'unsubscribed' ? due_at : Math.max(due_at, pause.paused_until ?? due_at);
  }

  return async (now: number): Promise<number | null> => {
    let nextAt = Number.POSITIVE_INFINITY;
    let position: number | null = 0;
    const lookOn = (): number | null => {
      for (let looked = 0, after = position ?? 0; ; looked += 1) {
        const lane = nextAt > now ? nextLane(after) : undefined;
        if (!lane) return null;
        if (looked === lanesPerTurn) return after;
        if (lane.due_at < nextAt) nextAt = Math.min(nextAt, claimableAt(lane));
        after = lane.subscription_id;
      }
    };
    while (position !== null) {
      position = connection.readOnce(lookOn);
      if (position !== null) await new Promise(setImmediate);
    }
    return nextAt === Number.POSITIVE_INFINITY ? null : Math.max(0, nextAt - now);
  };
}
