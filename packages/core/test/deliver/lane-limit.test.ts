import test from 'ava';
import { LaneLimit } from '../../src/deliver/lane-limit.ts';

test('it begins with two, or with the highest that it may become', (t) => {
  t.is(new LaneLimit(50).current, 2);
  t.is(new LaneLimit(1).current, 1);
});

test('each quick answer makes room for one more until the first trouble, up to the highest', (t) => {
  const limit = new LaneLimit(10);
  for (let answer = 0; answer < 3; answer += 1) limit.answered(100, true);
  t.is(limit.current, 5);
  for (let answer = 0; answer < 20; answer += 1) limit.answered(100, true);
  t.is(limit.current, 10);
});

test('it does not grow for a lane that would not use it', (t) => {
  const limit = new LaneLimit(50);
  for (let answer = 0; answer < 20; answer += 1) limit.answered(100, false);
  t.is(limit.current, 2);
});

test('trouble halves it, down to one, and after that it takes a full round of answers to grow by one', (t) => {
  const limit = new LaneLimit(50);
  for (let answer = 0; answer < 14; answer += 1) limit.answered(100, true);
  t.is(limit.current, 16);
  limit.halve();
  t.is(limit.current, 8);
  for (let answer = 0; answer < 8; answer += 1) limit.answered(100, true);
  t.is(limit.current, 8);
  limit.answered(100, true);
  t.is(limit.current, 9);
  for (let failure = 0; failure < 10; failure += 1) limit.halve();
  t.is(limit.current, 1);
});

test('it does not grow while answers take much longer than they used to', (t) => {
  const limit = new LaneLimit(50);
  for (let answer = 0; answer < 8; answer += 1) limit.answered(100, true);
  const before = limit.current;
  for (let answer = 0; answer < 10; answer += 1) limit.answered(600, true);
  t.true(limit.current <= before + 1, `${before} → ${limit.current}`);
});

test('an endpoint that has become slower for good is taken for what it is', (t) => {
  const limit = new LaneLimit(50);
  for (let answer = 0; answer < 8; answer += 1) limit.answered(100, true);
  for (let answer = 0; answer < 200; answer += 1) limit.answered(600, true);
  t.is(limit.current, 50);
});
