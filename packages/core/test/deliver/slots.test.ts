import { mock } from 'node:test';
import test, { type ExecutionContext } from 'ava';
import type { LaneAnswer, LaneLimits } from '../../src/deliver/lanes.ts';
import { Lanes } from '../../src/deliver/lanes.ts';
import { Slots } from '../../src/deliver/slots.ts';
import type { Held } from '../../src/model/held.ts';

const slowAfterMs = 1_000;
const quick = { isTrouble: false, durationMs: 5 };
const timeout = { isTrouble: true, durationMs: 15_000 };

/** Slots that send what a test answers. */
interface Fixture {
  readonly lanes: Lanes;
  readonly slots: Slots;
  /** Puts deliveries into a lane. */
  readonly put: (lane: number, labels: string) => void;
  /** What was sent and is not answered yet. */
  readonly underWay: () => string;
  readonly released: string[];
  readonly reported: unknown[];
  /** Answers requests by their labels, and lets what follows start. */
  readonly answer: (labels: string, answer: LaneAnswer) => Promise<void>;
}

/** Lets all promises settle that can. */
const turn = async (): Promise<void> => new Promise(setImmediate);

function makeSlots(limits: Partial<LaneLimits>, monotonicNow: () => number, onSend: (fixture: Fixture) => void): Fixture {
  const defaults = { laneConcurrency: 8, accountConcurrency: 10, slowConcurrency: 4, maxDeliveriesInMemory: 50, groupSize: 100 };
  const all = { concurrency: 2, slowAfterMs, monotonicNow, ...defaults, ...limits };
  const lanes = new Lanes(all);
  const answers = new Map<string, (answer: LaneAnswer) => void>();
  const released: string[] = [];
  const reported: unknown[] = [];
  const slots = new Slots({
    ...all,
    lanes,
    async send({ claim }) {
      onSend(fixture);
      return new Promise((resolve) => answers.set(claim.id, resolve));
    },
    release: ({ claim }) => void released.push(claim.id),
    report: (error) => void reported.push(error),
  });
  const fixture: Fixture = {
    lanes,
    slots,
    released,
    reported,
    put(lane, labels) {
      for (const id of labels.split(' ')) {
        lanes.take({ id: lane, accountId: '1' });
        lanes.enqueue({ claim: { id, attempts: 0 }, subscription: { id: lane, accountId: '1' } } as unknown as Held);
      }
    },
    underWay: () => [...answers.keys()].join(' '),
    async answer(labels, answer) {
      for (const label of labels.split(' ')) {
        answers.get(label)?.(answer);
        answers.delete(label);
      }
      await turn();
    },
  };
  return fixture;
}

/** Slots on a clock that stands still until it is moved. */
function withMovedTime(
  t: ExecutionContext,
  limits: Partial<LaneLimits> = {},
  onSend: (fixture: Fixture) => void = () => undefined,
): Fixture & { readonly move: (ms: number) => Promise<void> } {
  let now = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  return {
    ...makeSlots(limits, () => now, onSend),
    async move(ms) {
      now += ms;
      mock.timers.tick(ms);
      await turn();
    },
  };
}

test.serial('a request that takes long frees its slot, and goes on beside it', async (t) => {
  const { slots, put, underWay, answer, move, lanes } = withMovedTime(t, { concurrency: 1 });
  put(1, 'hangs');
  put(2, 'next');
  slots.fill();
  await move(slowAfterMs - 1);
  t.is(underWay(), 'hangs');
  await move(1);
  t.is(underWay(), 'hangs next');
  await answer('next', quick);
  t.true(slots.hasFree);
  await answer('hangs', timeout);
  t.false(lanes.hasNext);
});

test.serial('each request has its own time, however many began before it', async (t) => {
  const { slots, put, underWay, move } = withMovedTime(t);
  put(1, 'first');
  slots.fill();
  await move(600);
  put(2, 'second');
  slots.fill();
  await move(400);
  put(3, 'third fourth');
  slots.fill();
  await move(599);
  t.is(underWay(), 'first second third');
  await move(1);
  t.is(underWay(), 'first second third fourth');
});

test.serial('ten start in one turn of the event loop at the most, so that others of the process have theirs', async (t) => {
  const limits = { concurrency: 40, accountConcurrency: 40 };
  const { slots, put, underWay } = withMovedTime(t, limits);
  for (let lane = 1; lane <= 25; lane += 1) put(lane, `${lane}`);
  slots.fill();
  const started: number[] = [];
  for (let turns = 0; turns < 4; turns += 1) {
    for (let promise = 0; promise < 20; promise += 1) await Promise.resolve();
    slots.fill();
    started.push(underWay().split(' ').length);
    await turn();
  }
  t.deepEqual(started, [10, 20, 25, 25]);
});

test.serial('no more start than there are slots, and each that ends makes room for one', async (t) => {
  const { slots, put, underWay, answer } = withMovedTime(t, { concurrency: 3 });
  for (const lane of [1, 2, 3, 4]) put(lane, `${lane}a ${lane}b`);
  slots.fill();
  slots.fill();
  await turn();
  t.is(underWay(), '1a 2a 3a');
  t.false(slots.hasFree);
  await answer('2a', quick);
  t.is(underWay(), '1a 3a 4a');
  await answer('1a 3a', quick);
  t.is(underWay(), '4a 1b 2b');
});

test.serial('what is started while it starts others begins once, and within the slots', async (t) => {
  const { slots, put, underWay } = withMovedTime(t, { concurrency: 3 }, (fixture) => fixture.slots.fill());
  for (const lane of [1, 2]) put(lane, `${lane}a ${lane}b`);
  slots.fill();
  await turn();
  t.is(underWay(), '1a 2a 1b');
});

test.serial('lanes that are slow start in the places beside the slots, as others there end', async (t) => {
  const { slots, put, underWay, answer, move } = withMovedTime(t, { slowConcurrency: 1 });
  for (const lane of [1, 2]) {
    put(lane, `slow${lane}`);
    slots.fill();
    await move(slowAfterMs);
    await answer(`slow${lane}`, timeout);
  }
  t.is(underWay(), '');
  put(1, 'a');
  put(2, 'b');
  put(3, 'healthy');
  slots.fill();
  await turn();
  t.is(underWay(), 'healthy a');
  await answer('a', timeout);
  t.is(underWay(), 'healthy b');
});

test.serial('a request that is late keeps its slot until a place beside them is free', async (t) => {
  const { slots, put, underWay, answer, move } = withMovedTime(t, { slowConcurrency: 1 });
  for (const lane of [1, 2, 3]) put(lane, `${lane}`);
  slots.fill();
  await move(slowAfterMs);
  put(4, '4');
  slots.fill();
  await turn();
  t.is(underWay(), '1 2 3');
  await answer('1', timeout);
  t.is(underWay(), '2 3 4');
});

test.serial(
  'what waits in a lane that becomes slow starts beside the slots at once, where that is within its limit',
  async (t) => {
    const { slots, put, underWay, answer, move, released } = withMovedTime(t, { concurrency: 4, slowConcurrency: 20 });
    put(1, 'w x');
    slots.fill();
    await turn();
    await answer('w x', quick);
    put(1, 'y z');
    slots.fill();
    await turn();
    put(1, 'a b c');
    await answer('y z', quick);
    await answer('a b c', quick);
    put(1, '1a');
    put(2, '2a 2b');
    put(3, '3a');
    slots.fill();
    await turn();
    put(1, '1b 1c 1d');
    t.is(underWay(), '1a 2a 3a 2b');
    await move(slowAfterMs);
    t.is(released.join(' '), '1c 1d');
    t.is(underWay(), '1a 2a 3a 2b 1b');
  },
);

test.serial('what waits for a request to be late keeps no process alive', async (t) => {
  const { slots, put, underWay } = makeSlots(
    {},
    () => performance.now(),
    () => undefined,
  );
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  put(1, 'hangs');
  slots.fill();
  for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
  t.is(underWay(), 'hangs');
  t.is(timers(), before);
});

test('what is thrown while a delivery is sent is reported, frees its slot, and ends nothing', async (t) => {
  let sends = 0;
  const { slots, put, underWay, reported } = withMovedTime(t, { concurrency: 1 }, () => {
    sends += 1;
    if (sends === 1) throw new Error('broken');
  });
  put(1, '1a 1b');
  slots.fill();
  await turn();
  t.deepEqual(reported.map(String), ['Error: broken']);
  t.is(underWay(), '1b');
});
