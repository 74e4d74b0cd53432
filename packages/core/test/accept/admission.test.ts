import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { Admission } from '../../src/accept/admission.ts';

/** An admission to a memory whose room the test changes, and the numbers of the events that were let in. */
function admissionTo(memory: { size: number; room: number }, maxWaitMs = 60_000) {
  const admission = new Admission({ memory: () => memory, maxWaitMs, monotonicNow: () => performance.now() });
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

test('an event is let in at once while memory has room for it beside those that were let in before', (t) => {
  const { admission } = admissionTo({ size: 10, room: 2 });
  t.is(admission.enter(), null);
  t.is(admission.enter(), null);
  t.not(admission.enter(), null);
  admission.leave(1);
  t.not(admission.enter(), null, 'nobody overtakes');
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
  admission.leave(0);
  await settled();
  t.deepEqual(letIn, [1, 2]);
});

test('events take as much room as those of late had deliveries', async (t) => {
  const { admission, enter, letIn, roomIs } = admissionTo({ size: 50, room: 1_000 });
  for (let event = 0; event < 200; event += 1) {
    void admission.enter();
    admission.leave(5);
  }
  await roomIs(0);
  enter(1, 2, 3);
  await roomIs(10);
  t.deepEqual(letIn, [1, 2]);
});

test('nobody waits longer than is allowed; and after that nobody does, until memory has room again', async (t) => {
  const memory = { size: 10, room: 0 };
  const { admission } = admissionTo(memory, 20);
  // Timers count from the time at which their turn of the event loop began: this one begins now.
  await setTimeout(1);
  const began = performance.now();
  await Promise.all([admission.enter(), admission.enter()]);
  t.true(performance.now() - began >= 19);
  t.is(admission.enter(), null);
  memory.room = 4;
  t.is(admission.enter(), null, 'there is room for a fourth one');
  t.not(admission.enter(), null, 'who waits again does so because there was room meanwhile');
});

test('who waits waits no longer because others before it were let in', async (t) => {
  const memory = { size: 10, room: 0 };
  const { admission } = admissionTo(memory, 100);
  const began = performance.now();
  const [, second] = [admission.enter(), admission.enter()];
  await setTimeout(60);
  memory.room = 1;
  admission.roomMade();
  await second;
  t.true(performance.now() - began < 150, `${performance.now() - began} ms`);
});

test('where no waiting is allowed, none is', (t) => {
  t.is(admissionTo({ size: 10, room: 0 }, 0).admission.enter(), null);
});
