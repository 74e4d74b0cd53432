import test from 'ava';
import { validate, version } from 'uuid';
import { newIds } from '../src/new-ids.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

test('an id is a UUIDv7 of the time at which it is made', (t) => {
  const id = newIds(() => noon + 0.7)();
  t.true(validate(id));
  t.is(version(id), 7);
  t.is(timeOf(id), noon);
});

test('each id is greater than the one before, also while the clock stands still or goes back', (t) => {
  let time = noon;
  const newId = newIds(() => time);
  let last = '';
  for (let made = 0; made < 5_000; made += 1) {
    if (made < 1_000) time += 0.125;
    if (made === 2_000) time -= 60_000;
    if (made === 3_000) time += 120_000;
    const id = newId();
    if (!(id > last)) t.fail(`${id} came after ${last}`);
    last = id;
  }
  t.is(timeOf(last), noon + 60_125);
});

test('the random part is another one in each id', (t) => {
  const newId = newIds(() => noon);
  t.is(new Set(Array.from({ length: 2_000 }, () => newId().slice(-12))).size, 2_000);
});

test('two makers of ids never make the same, at the same time', (t) => {
  const [one, other] = [newIds(() => noon), newIds(() => noon)];
  const ids = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? one() : other()));
  t.is(new Set(ids).size, ids.length);
  t.not(ids[0]?.slice(0, 23), ids[1]?.slice(0, 23));
});
