import test from 'ava';
import { LanePaces } from '../../src/deliver/lane-paces.ts';
import type { Held } from '../../src/model/held.ts';
import type { Subscription } from '../../src/model/subscription.ts';
import { healthySubscription } from '../healthy-subscription.ts';

const reopenedAt = 1_000;
const perLane = 4;

/** Deliveries of a lane, made before its subscription was opened again or after. */
function claims(lane: number, count: number, createdAt = reopenedAt - 1, more: Partial<Subscription> = {}): Held[] {
  const subscription = { ...healthySubscription, id: lane, reopenedAt, ...more };
  return Array.from({ length: count }, () => ({ claim: { createdAt }, subscription }) as unknown as Held);
}

/** The paces of lanes, 400 deliveries a second, on a clock that is moved. */
function makePaces() {
  let now = 0;
  const paces = new LanePaces({ pacePerSecond: 400, monotonicNow: () => now });
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
  t.not(room(1), undefined);
  t.is(room(1), 6);
  claimed(claims(1, 6), [[1, 6]]);
  t.is(room(1), 0);
  t.is(paces.waitMs(1), 25, 'a claim is worth its while once ten may go');
  pass(25);
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
    const { room, claimed } = makePaces();
    claimed(claims(1, perLane));
    claimed(caughtUp, [[1, 6]]);
    t.is(room(1), undefined);
  }
});

test('a lane that was passed over, or that no claim has come to, has not caught up', (t) => {
  const { room, claimed } = makePaces();
  claimed(claims(1, perLane));
  claimed([], [[1, 0]]);
  t.not(room(1), undefined, 'it had no room');
  claimed(claims(2, 3), [[1, 6]], true);
  t.not(room(1), undefined, 'the claim ended before it');
});

test('lanes that yield less than they were asked for, and those that were never closed, have no pace', (t) => {
  const { room, claimed } = makePaces();
  claimed([...claims(1, perLane - 1), ...claims(2, perLane, reopenedAt)]);
  t.deepEqual([room(1), room(2)], [undefined, undefined]);
  claimed(claims(3, perLane, 0, { reopenedAt: null }));
  t.is(room(3), undefined);
});

test('a lane that keeps an order keeps its pace, though it yields one at a time, until nothing that was held is left', (t) => {
  const { paces, pass, room, claimed } = makePaces();
  const one = claims(1, 1, reopenedAt - 1, { ordering: 'record' });
  claimed(one);
  t.is(room(1), 9);
  for (let left = 9; left > 0; left -= 1) claimed(one, [[1, left]]);
  t.deepEqual([room(1), paces.waitMs(1)], [0, 25]);
  pass(25);
  claimed([], [[1, 10]]);
  t.not(room(1), undefined, 'the one before is under way');
  pass(25);
  claimed([], [[1, 20]]);
  t.is(room(1), undefined, 'nothing was under way for long');
  claimed(one);
  claimed(claims(1, 1, reopenedAt, { ordering: 'record' }), [[1, 9]]);
  t.is(room(1), undefined, 'what is left came later');
});
