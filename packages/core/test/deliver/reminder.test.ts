import { mock } from 'node:test';
import test from 'ava';
import { Reminder } from '../../src/deliver/reminder.ts';

test.serial('it rings at the earliest of its times, also one that no timer can wait for', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.teardown(() => mock.timers.reset());
  let rings = 0;
  const reminder = new Reminder(
    () => (rings += 1),
    () => Date.now(),
  );
  const days = 86_400_000;
  reminder.ringIn(100 * days);
  reminder.ringIn(60 * days);
  reminder.ringIn(80 * days);
  for (let day = 0; day < 59; day += 1) mock.timers.tick(days);
  mock.timers.tick(days - 1);
  t.is(rings, 0);
  mock.timers.tick(1);
  t.is(rings, 1);
  reminder.ringIn(5);
  reminder.stop();
  mock.timers.tick(100 * days);
  t.is(rings, 1);
});
