import { sql } from 'kysely';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';

/** A lane that has unfinished deliveries. */
export interface LaneRow {
  readonly subscription_id: number;
  /** When its earliest delivery is due. */
  readonly due_at: number;
}

/** What a walk over the lanes came to. */
export interface Walk {
  /** The last lane that was visited; where the walk began when there was none. */
  readonly cursor: number;
  /** Whether every lane was visited. */
  readonly complete: boolean;
}

/** Makes the step to the next lane that has deliveries: one seek in the index of lanes, whatever the length of a lane. */
export function prepareNextLane(connection: Connection): (after: number) => LaneRow | undefined {
  const nextLane = connection.prepare(
    queries
      .selectFrom('hookwell_deliveries')
      .select(['subscription_id', 'due_at'])
      .where('subscription_id', '>', bound<number>())
      .orderBy('subscription_id')
      .orderBy('due_at')
      .limit(sql.lit(1)),
  );
  return (after) => nextLane.get(after);
}

/**
 * Walks over the lanes in the order of their ids, beginning after one of them and round again to it, until `maxLanes`
 * were visited or `visit` answers false.
 */
export function walkLanes(
  nextLane: (after: number) => LaneRow | undefined,
  { after, maxLanes }: { readonly after: number; readonly maxLanes: number },
  visit: (lane: LaneRow) => boolean,
): Walk {
  let cursor = after;
  let position = after;
  let goneRound = after <= 0;
  for (let visited = 0; visited < maxLanes;) {
    const lane = nextLane(position);
    if (goneRound && (!lane || (after > 0 && lane.subscription_id > after))) return { cursor, complete: true };
    if (!lane) {
      position = 0;
      goneRound = true;
      continue;
    }
    position = lane.subscription_id;
    cursor = position;
    visited += 1;
    if (!visit(lane)) return { cursor, complete: false };
  }
  return { cursor, complete: false };
}
