import test from 'ava';
import { LanePaces } from '../../src/deliver/lane-paces.ts';
import type { Held } from '../../src/model/held.ts';
import { healthySubscription } from '../healthy-subscription.ts';

const reopenedAt = 1_000;
const perLane = 4;

/** Deliveries of a lane, made before its subscription was opened again or after. */
function claims(lane: number, count: number, createdAt = reopenedAt - 1, openedAt: number | null = reopenedAt): Held[] {
  const subscription = { ...healthySubscription, id: lane, reopenedAt: openedAt };
  return Array.from({ length: count }, () => ({ claim: { createdAt }, subscription }) as unknown as Held);
}

/** The paces of lanes, 100 deliveries a second, on a clock that is moved. */
function makePaces() {
  let now = 0;
  const paces = new LanePaces({ pacePerSecond: 100, monotonicNow: () => now });
  return {
    paces,
    pass: (ms: number): void => {
      now += ms;
    },
    /** How many of a lane may be claimed, of 50 that it has room for. */
    room: (lane: number): number | undefined => {
      const rooms = new Map<number, number>();
      paces.bound(rooms, () => 50);
      return rooms.get(lane);
    },
    claimed: (held: readonly Held[], rooms: readonly (readonly [number, number])[] = [], more = false): void => {
      paces.claimed(held, { rooms: new Map(rooms), perLane }, more);
    },
  };
}

test('a lane that yields all it was asked for of what was held catches up at its pace', (t) => {
  const { paces, pass, room, claimed } = makePaces();
  claimed(claims(1, perLane));
  t.true(paces.has(1));
  t.is(room(1), 6);
  claimed(claims(1, 6), [[1, 6]]);
  t.is(room(1), 0);
  t.is(paces.waitMs(1), 100, 'a claim is worth its while once ten may go');
  pass(100);
  t.deepEqual([room(1), paces.waitMs(1)], [10, 0]);
  claimed(claims(1, 10), [[1, 10]]);
  pass(60_000);
  t.is(room(1), 20, 'what a lane did not use it does not get later');
  t.is(paces.waitMs(2), 0, 'others have no pace');
});

test('what has no room in memory is not claimed because its pace would allow it', (t) => {
  const { paces, claimed } = makePaces();
  claimed(claims(1, perLane));
  const rooms = new Map([[1, 2]]);
  paces.bound(rooms, () => 50);
  t.is(rooms.get(1), 2);
});

test('a lane has caught up once it yields less than it was asked for, or nothing that was held', (t) => {
  for (const caughtUp of [claims(1, 5), [], claims(1, 6, reopenedAt)]) {
    const { paces, claimed } = makePaces();
    claimed(claims(1, perLane));
    claimed(caughtUp, [[1, 6]]);
    t.false(paces.has(1));
  }
});

test('a lane that was passed over, or that no claim has come to, has not caught up', (t) => {
  const { paces, claimed } = makePaces();
  claimed(claims(1, perLane));
  claimed([], [[1, 0]]);
  t.true(paces.has(1), 'it had no room');
  claimed(claims(2, 3), [[1, 6]], true);
  t.true(paces.has(1), 'the claim ended before it');
});

test('lanes that yield less than they were asked for, and those that were never closed, have no pace', (t) => {
  const { paces, claimed } = makePaces();
  claimed([...claims(1, perLane - 1), ...claims(2, perLane, reopenedAt)]);
  t.deepEqual([paces.has(1), paces.has(2)], [false, false]);
  claimed(claims(3, perLane, 0, null));
  t.false(paces.has(3));
});
