import test from 'ava';
import { ClippedLanes } from '../../src/deliver/clipped-lanes.ts';

const bounds = (rooms: readonly (readonly [lane: number, room: number])[] = []) => ({
  after: 0,
  limit: 100,
  rooms: new Map(rooms),
  perLane: 4,
});
const got = (...lanes: readonly (readonly [lane: number, count: number])[]) => new Map(lanes);

test('a lane that yields all it was asked for may have more, one that yields less has none', (t) => {
  const clipped = new ClippedLanes();
  const claim = clipped.beginClaim();
  clipped.endClaim(claim, got([1, 4], [2, 3], [3, 2]), bounds([[3, 2]]), true);
  t.deepEqual(
    [1, 2, 3].map((lane) => clipped.has(lane)),
    [true, false, true],
  );
  clipped.endClaim(clipped.beginClaim(), got([1, 3]), bounds([[3, 1]]), true);
  t.is(clipped.size, 0);
});

test('a lane that was passed over stays', (t) => {
  const clipped = new ClippedLanes();
  clipped.add(1);
  clipped.add(2);
  clipped.endClaim(clipped.beginClaim(), got(), bounds([[1, 0]]), true);
  t.deepEqual([clipped.has(1), clipped.has(2)], [true, true]);
});

test('a lane that ended is forgotten as soon as a claim has visited all lanes', (t) => {
  const clipped = new ClippedLanes();
  clipped.add(1);
  clipped.endClaim(clipped.beginClaim(), got(), bounds(), false);
  t.is(clipped.size, 0);
});

test('what comes in during a claim is not forgotten when its answer comes', (t) => {
  const clipped = new ClippedLanes();
  clipped.add(1);
  const claim = clipped.beginClaim();
  clipped.add(1);
  clipped.endClaim(claim, got([1, 1]), bounds(), false);
  t.true(clipped.has(1));
});
