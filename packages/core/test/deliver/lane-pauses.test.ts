import test from 'ava';
import { LanePauses } from '../../src/deliver/lane-pauses.ts';

const still = (): number => 0;

test('a claim opens a paused lane, unless the pause came after the claim had begun', (t) => {
  const pauses = new LanePauses(still);
  pauses.pause(1, 60_000);
  const begun = pauses.serial;
  pauses.pause(2, 60_000);
  pauses.endUpTo(1, begun);
  pauses.endUpTo(2, begun);
  t.deepEqual([pauses.has(1), pauses.has(2)], [false, true]);
});

test('a pause ends by itself, and a shorter one does not cut a longer one', (t) => {
  let now = 0;
  const pauses = new LanePauses(() => now);
  pauses.pause(1, 100);
  pauses.pause(1, 50);
  now = 99;
  t.true(pauses.has(1));
  now = 100;
  t.false(pauses.has(1));
});

test('a lane that an answer has closed is closed until it is recorded for how long', (t) => {
  const pauses = new LanePauses(still);
  pauses.close(1);
  pauses.endUpTo(1, pauses.serial);
  t.true(pauses.has(1));
  t.deepEqual(pauses.justClosed(), [1]);
  pauses.pause(1, 60_000);
  t.true(pauses.has(1));
  t.deepEqual(pauses.justClosed(), []);
});
