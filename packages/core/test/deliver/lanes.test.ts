import test from 'ava';
import type { UnderWay } from '../../src/deliver/lane.ts';
import { Lanes, type LaneLimits } from '../../src/deliver/lanes.ts';
import type { Held } from '../../src/model/held.ts';
import type { LaneState } from '../../src/model/lane-state.ts';

const limits: LaneLimits = {
  concurrency: 10,
  laneConcurrency: 2,
  accountConcurrency: 10,
  slowAfterMs: 1_000,
  slowConcurrency: 4,
  maxDeliveriesInMemory: 50,
  groupSize: 100,
  monotonicNow: () => 0,
};
const quick = { isTrouble: false, durationMs: 5 };
const timeout = { isTrouble: true, durationMs: 15_000 };

/** Lanes of one account, unless it is told otherwise. */
function heldOf(lane: number, label: string, attempts = 0, accountId = '1'): Held {
  return { claim: { id: label, attempts }, subscription: { id: lane, accountId } } as unknown as Held;
}

function fill(lanes: Lanes, lane: number, labels: readonly string[], { attempts = 0, accountId = '1' } = {}): void {
  for (const label of labels) {
    lanes.take({ id: lane, accountId });
    lanes.enqueue(heldOf(lane, label, attempts, accountId));
  }
}

/** Starts all that may start, each in a slot. */
function startAll(lanes: Lanes, most = Number.POSITIVE_INFINITY): UnderWay[] {
  const started: UnderWay[] = [];
  while (started.length < most) {
    const request = lanes.next();
    if (!request) break;
    started.push(request);
  }
  return started;
}

function startSlow(lanes: Lanes): UnderWay[] {
  const started: UnderWay[] = [];
  for (let request = lanes.nextSlow(); request; request = lanes.nextSlow()) started.push(request);
  return started;
}

const labels = (requests: readonly UnderWay[]): string => requests.map(({ held }) => held.claim.id).join(' ');

/** Lets a lane's endpoint time out once, so that it is slow from then on. */
function makeSlow(lanes: Lanes, lane: number, accountId = '1'): void {
  fill(lanes, lane, ['first'], { accountId });
  const request = lanes.next() as UnderWay;
  lanes.isLate(request);
  lanes.finish(request, timeout);
  lanes.leave(lane);
}

test('what a replay has made due takes its turn with the retries, though it was never tried', (t) => {
  const lanes = new Lanes(limits);
  for (let lane = 1; lane <= 10; lane += 1) {
    const held = heldOf(lane, `replayed ${lane}`);
    lanes.take({ id: lane, accountId: '1' });
    lanes.enqueue({ ...held, claim: { ...held.claim, replayed: true } });
  }
  t.is(startAll(lanes).length, 3, 'three slots in ten');
  fill(lanes, 11, ['first'], { accountId: '2' });
  t.is(labels(startAll(lanes)), 'first');
});

test('deliveries come in turn over the lanes, however long one of them is', (t) => {
  const lanes = new Lanes({ ...limits, laneConcurrency: 5 });
  fill(lanes, 1, ['1a', '1b', '1c', '1d']);
  fill(lanes, 2, ['2a']);
  fill(lanes, 3, ['3a', '3b']);
  t.is(labels(startAll(lanes)), '1a 2a 3a 1b 3b');
});

test('deliveries come in turn over the accounts, however many lanes one of them has', (t) => {
  const lanes = new Lanes(limits);
  for (const lane of [1, 2, 3, 4]) fill(lanes, lane, [`a${lane}`, `a${lane}`], { accountId: 'a' });
  fill(lanes, 5, ['b5', 'b5'], { accountId: 'b' });
  t.is(labels(startAll(lanes)), 'a1 b5 a2 b5 a3 a4 a1 a2 a3 a4');
});

test('an endpoint that takes longer has fewer turns, so that its account has no more of the time of the slots', (t) => {
  const lanes = new Lanes({ ...limits, laneConcurrency: 100, concurrency: 100, accountConcurrency: 100 });
  for (let answer = 0; answer < 20; answer += 1) {
    fill(lanes, 1, ['x', 'x'], { accountId: 'slow' });
    for (const request of startAll(lanes)) {
      lanes.finish(request, { isTrouble: false, durationMs: 350 });
      lanes.leave(1);
    }
  }
  fill(lanes, 1, ['s', 's', 's', 's'], { accountId: 'slow' });
  for (let lane = 2; lane < 22; lane += 1) fill(lanes, lane, ['q', 'q'], { accountId: 'quick' });
  t.is(labels(startAll(lanes, 12)).replaceAll(' ', ''), 'sqqqqsqqqqsq');
});

test('a lane at its limit starts nothing until one of its own has ended', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['a', 'b', 'c']);
  const [first] = startAll(lanes);
  t.false(lanes.hasNext);
  lanes.finish(first as UnderWay, quick);
  t.is(labels(startAll(lanes)), 'c');
});

test('an account at its limit starts nothing, whichever lanes it has, and others do', (t) => {
  const lanes = new Lanes({ ...limits, accountConcurrency: 3 });
  for (const lane of [1, 2]) fill(lanes, lane, ['a', 'a'], { accountId: 'a' });
  fill(lanes, 3, ['b'], { accountId: 'b' });
  const started = startAll(lanes);
  t.is(labels(started), 'a b a a');
  t.false(lanes.hasNext);
  lanes.finish(started[0] as UnderWay, quick);
  t.is(labels(startAll(lanes)), 'a');
});

test('retries hold three slots in ten at the most, and get their turn after two first attempts', (t) => {
  const lanes = new Lanes(limits);
  for (const lane of [1, 2, 3, 4]) fill(lanes, lane, ['r', 'r'], { attempts: 1 });
  for (const lane of [5, 6]) fill(lanes, lane, ['f', 'f']);
  t.is(labels(startAll(lanes)), 'f f r f f r r');
  t.false(lanes.hasNext);
});

test('an account at its limit has every other slot for first attempts, however many retries it has waiting', (t) => {
  const lanes = new Lanes({ ...limits, accountConcurrency: 1, concurrency: 2 });
  fill(lanes, 1, ['r', 'r', 'r', 'r'], { attempts: 1, accountId: 'a' });
  fill(lanes, 2, ['f', 'f'], { accountId: 'a' });
  fill(
    lanes,
    3,
    Array.from({ length: 40 }, () => 'o'),
    { accountId: 'other' },
  );
  let ofAccount = '';
  let [under, other] = startAll(lanes) as [UnderWay, UnderWay];
  for (let turn = 0; turn < 5; turn += 1) {
    ofAccount += under.held.claim.id;
    for (let more = 0; more < 3; more += 1) {
      lanes.finish(other, quick);
      other = lanes.next() as UnderWay;
    }
    lanes.finish(under, quick);
    under = lanes.next() as UnderWay;
  }
  t.is(ofAccount, 'frfrr');
});

test('a retry that takes long and gives its slot up makes room for another one', (t) => {
  const lanes = new Lanes(limits);
  for (const lane of [1, 2, 3, 4]) fill(lanes, lane, ['r', 'r'], { attempts: 1 });
  const [first] = startAll(lanes);
  t.false(lanes.hasNext);
  lanes.isLate(first as UnderWay);
  t.true(lanes.giveUpSlot(first as UnderWay));
  t.is(startAll(lanes).length, 1);
});

test('a slow lane holds no slot: what follows starts beside them, one at a time once it times out', (t) => {
  const lanes = new Lanes(limits);
  makeSlow(lanes, 1);
  fill(lanes, 1, ['a']);
  t.false(lanes.hasNext);
  const started = startSlow(lanes);
  t.is(labels(started), 'a');
  lanes.finish(started[0] as UnderWay, timeout);
  fill(lanes, 1, ['b']);
  t.is(labels(startSlow(lanes)), 'b');
});

test('a lane is slow until an answer comes sooner', (t) => {
  const lanes = new Lanes(limits);
  makeSlow(lanes, 1);
  fill(lanes, 1, ['a']);
  const [request] = startSlow(lanes);
  t.true(lanes.isSlow(1));
  lanes.finish(request as UnderWay, quick);
  t.false(lanes.isSlow(1));
  fill(lanes, 1, ['b']);
  t.is(labels(startAll(lanes)), 'b');
});

test('the places beside the slots are limited, over all lanes and to half of them for one account', (t) => {
  const lanes = new Lanes(limits);
  for (const [accountId, of] of Object.entries({ a: [1, 2, 3], b: [4], c: [5, 6] })) {
    for (const lane of of) makeSlow(lanes, lane, accountId);
    for (const lane of of) fill(lanes, lane, [`${accountId}${lane}`], { accountId });
  }
  t.is(labels(startSlow(lanes)), 'a1 b4 c5 a2');
});

test('a late request keeps its slot where no place beside them is free', (t) => {
  const lanes = new Lanes({ ...limits, slowConcurrency: 1 });
  for (const lane of [1, 2]) fill(lanes, lane, ['x']);
  const [first, second] = startAll(lanes) as [UnderWay, UnderWay];
  for (const request of [first, second]) lanes.isLate(request);
  t.true(lanes.giveUpSlot(first));
  t.false(lanes.giveUpSlot(second));
  lanes.finish(first, timeout);
  t.true(lanes.giveUpSlot(second));
});

test('what waits in a lane that becomes slow is handed back beyond its limit', (t) => {
  const lanes = new Lanes({ ...limits, laneConcurrency: 8 });
  fill(lanes, 1, ['a', 'b', 'c', 'd', 'e']);
  fill(lanes, 1, ['f'], { attempts: 1 });
  const [first] = startAll(lanes) as [UnderWay];
  t.deepEqual(
    lanes.isLate(first).map(({ claim }) => claim.id),
    ['c', 'd', 'e', 'f'],
  );
  t.deepEqual(lanes.isLate(first), []);
});

test('what comes to a lane that has become slow meanwhile, and would only wait, is to be handed back', (t) => {
  const lanes = new Lanes(limits);
  makeSlow(lanes, 1);
  const enqueued = ['a', 'b'].map((label) => {
    lanes.take({ id: 1, accountId: '1' });
    return lanes.enqueue(heldOf(1, label));
  });
  t.deepEqual(enqueued, [true, false]);
  t.is(labels(startSlow(lanes)), 'a');
});

test('a lane that nobody knows has room for twice as many as it may have under way, and no more', (t) => {
  const lanes = new Lanes(limits);
  t.is(lanes.roomOf(1), 4);
  fill(lanes, 1, ['a', 'b', 'c', 'd']);
  t.is(lanes.roomOf(1), 0);
  t.deepEqual(lanes.rooms(), new Map([[1, 0]]));
  t.is(lanes.roomOf(2), 4);
});

test('a fast lane gets room for what it sends in a moment', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['a', 'b']);
  const [request] = startAll(lanes);
  lanes.finish(request as UnderWay, quick);
  t.is(lanes.roomOf(1), 48);
});

test('a lane that is slow has room for what it may have under way, and is remembered with nothing in memory', (t) => {
  const lanes = new Lanes(limits);
  makeSlow(lanes, 1);
  t.is(lanes.taken, 0);
  t.deepEqual(lanes.rooms(), new Map([[1, 1]]));
  t.is(lanes.roomOf(1), 1);
});

test('no lane gets room beyond what all of them may have in memory', (t) => {
  const lanes = new Lanes({ ...limits, maxDeliveriesInMemory: 3 });
  fill(lanes, 1, ['a', 'b']);
  t.is(lanes.roomOf(2), 1);
});

test('places that are given back are room again, and an empty lane is forgotten', (t) => {
  const lanes = new Lanes(limits);
  lanes.take({ id: 1, accountId: '1' });
  lanes.leave(1);
  t.is(lanes.taken, 0);
  t.deepEqual(lanes.list(), []);
});

test('nothing joins the probe of a suspended subscription, until it is well again', (t) => {
  const lanes = new Lanes(limits);
  lanes.take({ id: 1, accountId: '1' }, true);
  t.deepEqual(lanes.rooms(), new Map([[1, 0]]));
  t.is(lanes.roomOf(1), 0);
  lanes.open(1);
  t.is(lanes.roomOf(1), 3);
});

test('a lane that an answer has just closed gets no claims', (t) => {
  const lanes = new Lanes(limits);
  lanes.pauses.close(1);
  t.deepEqual(lanes.rooms(), new Map([[1, 0]]));
});

test('room that a claim may need is kept for it', (t) => {
  const lanes = new Lanes(limits);
  lanes.expect(48);
  t.is(lanes.roomOf(1), 2);
  lanes.expect(-48);
  t.is(lanes.roomOf(1), 4);
});

test('all that waits can be taken out, and nothing starts any more', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['a', 'b', 'c', 'd']);
  fill(lanes, 2, ['e'], { attempts: 1 });
  startAll(lanes, 1);
  t.deepEqual(
    lanes.takeWaiting().map(({ claim }) => claim.id),
    ['b', 'c', 'd', 'e'],
  );
  t.false(lanes.hasNext);
});

test('it tells when a lane becomes slow, when trouble cuts its limit, and when it is quick again', (t) => {
  const told: LaneState[] = [];
  const lanes = new Lanes({ ...limits, laneConcurrency: 8 }, (lane) => told.push(lane()));
  fill(lanes, 1, ['a', 'b', 'c']);
  const [first, second] = startAll(lanes) as [UnderWay, UnderWay];
  lanes.finish(first, quick);
  lanes.finish(second, timeout);
  const [third] = startAll(lanes) as [UnderWay];
  lanes.isLate(third);
  lanes.finish(third, timeout);
  fill(lanes, 1, ['d']);
  lanes.finish(startSlow(lanes)[0] as UnderWay, quick);
  const state = { subscriptionId: 1, accountId: '1', paused: false };
  t.deepEqual(told, [
    { ...state, waiting: 1, inFlight: 0, limit: 1, slow: false },
    { ...state, waiting: 0, inFlight: 1, limit: 1, slow: true },
    { ...state, waiting: 0, inFlight: 0, limit: 2, slow: false },
  ]);
});
