import { mock } from 'node:test';
import test, { type ExecutionContext } from 'ava';
import { Admission } from '../../src/accept/admission.ts';

/** An admission to a memory whose room the test changes, and the numbers of the events that were let in. */
function admissionTo(memory: { size: number; room: number }, maxWaitMs = 60_000, monotonicNow = () => 0) {
  const admission = new Admission({ memory: () => memory, maxWaitMs, monotonicNow });
  const letIn: number[] = [];
  return {
    admission,
    letIn,
    enter: (...events: readonly number[]): void => {
      for (const event of events) void Promise.resolve(admission.enter()).then(() => letIn.push(event));
    },
    roomIs: async (room: number): Promise<void> => {
      memory.room = room;
      admission.roomMade();
      await settled();
    },
  };
}

/** Everything that is resolved has gone on. */
const settled = async (): Promise<void> => new Promise(setImmediate);

/** A clock that a test moves, and the timers with it. */
function movedTime(t: ExecutionContext) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  let now = 0;
  return {
    monotonicNow: () => now,
    pass: async (ms: number): Promise<void> => {
      now += ms;
      mock.timers.tick(ms);
      await settled();
    },
  };
}

test('an event is let in at once while memory has room for it beside those that were let in before', (t) => {
  const { admission } = admissionTo({ size: 10, room: 2 });
  t.true(admission.enter());
  t.true(admission.enter());
  t.true(admission.enter() instanceof Promise);
  admission.leave(1, true);
  t.true(admission.enter() instanceof Promise, 'nobody overtakes');
});

test('events that wait go on in their order, as many as there is room for, once a tenth of the memory is free', async (t) => {
  const { enter, letIn, roomIs } = admissionTo({ size: 50, room: 0 });
  enter(1, 2, 3, 4, 5, 6, 7);
  await roomIs(4);
  t.deepEqual(letIn, []);
  await roomIs(5);
  t.deepEqual(letIn, [1, 2, 3, 4, 5]);
  await roomIs(9);
  t.deepEqual(letIn, [1, 2, 3, 4, 5], 'those that were let in have no places yet');
  await roomIs(10);
  t.deepEqual(letIn, [1, 2, 3, 4, 5, 6, 7]);
});

test('those that wait go on when those before them turn out to take no room', async (t) => {
  const { admission, enter, letIn } = admissionTo({ size: 10, room: 1 });
  enter(1, 2);
  await settled();
  t.deepEqual(letIn, [1]);
  admission.leave(0, true);
  await settled();
  t.deepEqual(letIn, [1, 2]);
});

test('events take as much room as those of late had deliveries', async (t) => {
  const { admission, enter, letIn, roomIs } = admissionTo({ size: 50, room: 1_000 });
  for (let event = 0; event < 200; event += 1) {
    void admission.enter();
    admission.leave(5, true);
  }
  await roomIs(0);
  enter(1, 2, 3);
  await roomIs(10);
  t.deepEqual(letIn, [1, 2]);
});

test.serial('nobody waits longer than is allowed; and after that nobody does, until memory has room again', async (t) => {
  const { monotonicNow, pass } = movedTime(t);
  const memory = { size: 10, room: 0 };
  const { admission, enter, letIn } = admissionTo(memory, 20, monotonicNow);
  enter(1, 2);
  await pass(19);
  t.deepEqual(letIn, []);
  await pass(1);
  t.deepEqual(letIn, [1, 2]);
  t.false(admission.enter());
  memory.room = 4;
  t.true(admission.enter(), 'there is room for a fourth one');
  t.true(admission.enter() instanceof Promise, 'who waits again does so because there was room meanwhile');
});

test.serial('while deliveries end, only those are let in without room that have waited long enough', async (t) => {
  const { monotonicNow, pass } = movedTime(t);
  const { admission, enter, letIn } = admissionTo({ size: 20, room: 0 }, 100, monotonicNow);
  enter(1, 2);
  await pass(40);
  enter(3);
  admission.roomMade();
  admission.roomMade();
  await pass(60);
  t.deepEqual(letIn, [1, 2]);
  t.true(admission.enter() instanceof Promise);
  await pass(40);
  t.deepEqual(letIn, [1, 2, 3]);
});

test('places are kept for events that were let in because there was room, and for no others', async (t) => {
  const { admission, enter, roomIs } = admissionTo({ size: 10, room: 1 });
  enter(1, 2, 3);
  t.is(admission.promised, 1);
  await roomIs(3);
  t.is(admission.promised, 3);
  admission.leave(1, true);
  t.is(admission.promised, 2);
  const vain = admissionTo({ size: 10, room: 10 }, 0).admission;
  void vain.enter();
  t.is(vain.promised, 0);
});

test.serial('who waits waits no longer because others before it were let in', async (t) => {
  const { monotonicNow, pass } = movedTime(t);
  const { enter, letIn, roomIs } = admissionTo({ size: 10, room: 0 }, 100, monotonicNow);
  enter(1);
  await pass(30);
  enter(2);
  await pass(30);
  await roomIs(1);
  t.deepEqual(letIn, [1]);
  await pass(69);
  t.deepEqual(letIn, [1], 'it came 30 ms later');
  await pass(1);
  t.deepEqual(letIn, [1, 2]);
});

test('where no waiting is allowed, none is', (t) => {
  t.false(admissionTo({ size: 10, room: 0 }, 0).admission.enter());
});
