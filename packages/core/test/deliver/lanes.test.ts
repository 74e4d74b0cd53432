import test from 'ava';
import { Lanes, type Job } from '../../src/deliver/lanes.ts';
import type { Held } from '../../src/model/held.ts';

const monotonicNow = (): number => 0;
const limits = { laneConcurrency: 2, maxDeliveriesInMemory: 50, groupSize: 100, monotonicNow };

const named = (name: string): Job => Object.assign(async () => {}, { label: name });
const labelOf = (found: Job | undefined): string => (found as unknown as { label: string }).label;

function heldOf(lane: number, attempts = 0): Held {
  return { claim: { attempts }, subscription: { id: lane } } as unknown as Held;
}

function fill(lanes: Lanes, lane: number, jobs: readonly string[], attempts = 0): void {
  for (const name of jobs) {
    lanes.take(lane);
    lanes.enqueue(named(name), heldOf(lane, attempts));
  }
}

test('jobs come in turn over the lanes, however long one of them is', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['1a', '1b', '1c', '1d']);
  fill(lanes, 2, ['2a']);
  fill(lanes, 3, ['3a', '3b']);
  t.deepEqual(
    Array.from({ length: 5 }, () => labelOf(lanes.dequeue())),
    ['1a', '2a', '3a', '1b', '3b'],
  );
});

test('a lane at its limit gives no job until one of its own has finished', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['a', 'b', 'c']);
  lanes.dequeue();
  lanes.dequeue();
  t.is(lanes.startable, 0);
  t.is(lanes.dequeue(), undefined);
  lanes.finish(1, 5);
  t.is(lanes.startable, 1);
  t.is(labelOf(lanes.dequeue()), 'c');
});

test('first attempts go before retries of the same lane', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['late'], 3);
  fill(lanes, 1, ['fresh']);
  t.is(labelOf(lanes.dequeue()), 'fresh');
});

test('a lane whose endpoint hangs has room for twice its limit in memory and no more', (t) => {
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
  lanes.dequeue();
  lanes.finish(1, 5);
  t.is(lanes.roomOf(1), 48);
});

test('no lane gets room beyond what all of them may have in memory', (t) => {
  const lanes = new Lanes({ ...limits, maxDeliveriesInMemory: 3 });
  fill(lanes, 1, ['a', 'b']);
  t.is(lanes.roomOf(2), 1);
});

test('places that are given back are room again, and an empty lane is forgotten', (t) => {
  const lanes = new Lanes(limits);
  lanes.take(1);
  lanes.leave(1);
  t.is(lanes.taken, 0);
  t.deepEqual(lanes.list(), []);
});

test('a claim opens a paused lane, unless the pause came after the claim had begun', (t) => {
  const lanes = new Lanes(limits);
  lanes.pause(1, 60_000);
  const begun = lanes.pauseSerial;
  lanes.pause(2, 60_000);
  lanes.resume(1, begun);
  lanes.resume(2, begun);
  t.deepEqual([lanes.isPaused(1), lanes.isPaused(2)], [false, true]);
});

test('a pause ends by itself, and a shorter one does not cut a longer one', (t) => {
  let now = 0;
  const lanes = new Lanes({ ...limits, monotonicNow: () => now });
  lanes.pause(1, 100);
  lanes.pause(1, 50);
  now = 99;
  t.true(lanes.isPaused(1));
  now = 100;
  t.false(lanes.isPaused(1));
});

test('a lane that an answer has closed gets no claims until it is recorded for how long', (t) => {
  const lanes = new Lanes(limits);
  lanes.close(1);
  lanes.resume(1, lanes.pauseSerial);
  t.true(lanes.isPaused(1));
  t.deepEqual(lanes.rooms(), new Map([[1, 0]]));
  lanes.pause(1, 60_000);
  t.true(lanes.isPaused(1));
  t.deepEqual(lanes.rooms(), new Map());
});

test('nothing joins the probe of a suspended subscription, until it is well again', (t) => {
  const lanes = new Lanes(limits);
  lanes.take(1, true);
  t.deepEqual(lanes.rooms(), new Map([[1, 0]]));
  t.is(lanes.roomOf(1), 0);
  lanes.open(1);
  t.is(lanes.roomOf(1), 3);
});

test('room that a claim may need is kept for it', (t) => {
  const lanes = new Lanes(limits);
  lanes.expect(48);
  t.is(lanes.roomOf(1), 2);
  lanes.expect(-48);
  t.is(lanes.roomOf(1), 4);
});

test('draining lets everything start, beyond all limits', (t) => {
  const lanes = new Lanes(limits);
  fill(lanes, 1, ['a', 'b', 'c', 'd']);
  fill(lanes, 2, ['e']);
  lanes.dequeue();
  lanes.dequeue();
  lanes.dequeue();
  lanes.drain();
  t.is(lanes.startable, 2);
  t.truthy(lanes.dequeue());
  t.truthy(lanes.dequeue());
  t.is(lanes.startable, 0);
});

test('over 20,000 random steps no lane exceeds its limit, the sums are right, and every job comes out once', (t) => {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const lanes = new Lanes({ ...limits, maxDeliveriesInMemory: 1_000_000 });
  const waiting = new Map<Job, number>();
  const running: number[] = [];
  for (let step = 0; step < 20_000; step += 1) {
    const choice = random(3);
    if (choice === 0) {
      const lane = random(20);
      const added: Job = Object.assign(async () => {}, {});
      lanes.take(lane);
      lanes.enqueue(added, heldOf(lane, random(2)));
      waiting.set(added, lane);
    } else if (choice === 1 && lanes.startable > 0) {
      const started = lanes.dequeue();
      const lane = started && waiting.get(started);
      if (started === undefined || lane === undefined) return t.fail('a job came out that was not waiting');
      waiting.delete(started);
      running.push(lane);
    } else if (running.length > 0) {
      const [lane] = running.splice(random(running.length), 1);
      lanes.finish(lane as number, random(100));
      lanes.leave(lane as number);
    }
    const states = lanes.list();
    if (step % 50 === 0) {
      const startable = states.reduce((sum, state) => sum + Math.min(state.waiting, state.limit - state.inFlight), 0);
      if (lanes.startable !== startable) return t.fail(`startable ${lanes.startable}, but ${startable} may start`);
      if (states.some((state) => state.inFlight > state.limit)) return t.fail('a lane is beyond its limit');
    }
  }
  t.is(lanes.taken, waiting.size + running.length);
});
