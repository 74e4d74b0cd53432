import test from 'ava';
import { gather } from '../src/gather.ts';

test('what is added in one turn of the event loop is written together, in order', async (t) => {
  const groups: number[][] = [];
  const numbers = gather<number, number>({
    groupSize: 100,
    waitMs: 0,
    write: async (items) => {
      groups.push([...items]);
      return items.map((item) => item * 2);
    },
  });
  t.deepEqual(await Promise.all([1, 2, 3].map((item) => numbers.add(item))), [2, 4, 6]);
  t.deepEqual(groups, [[1, 2, 3]]);
});

test('no group is larger than its size, and no two are written at once', async (t) => {
  let writing = 0;
  const sizes: number[] = [];
  const numbers = gather<number, number>({
    groupSize: 10,
    waitMs: 0,
    write: async (items) => {
      t.is(++writing, 1);
      sizes.push(items.length);
      await new Promise(setImmediate);
      writing -= 1;
      return items;
    },
  });
  await Promise.all(Array.from({ length: 25 }, (_, item) => numbers.add(item)));
  t.deepEqual(sizes, [10, 10, 5]);
  t.is(numbers.size(), 0);
});

test('a write that fails fails its own group only', async (t) => {
  const numbers = gather<number, number>({
    groupSize: 1,
    waitMs: 0,
    write: async ([item]) => {
      if (item === 2) throw new Error('no 2');
      return [item as number];
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((item) => numbers.add(item)));
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a group that may gather for long is written as soon as it is full', async (t) => {
  const numbers = gather<number, number>({ groupSize: 3, waitMs: 3_600_000, write: async (items) => items });
  t.deepEqual(await Promise.all([1, 2, 3].map((item) => numbers.add(item))), [1, 2, 3]);
});

test('idle waits for what is being written and for what waits behind it', async (t) => {
  let written = 0;
  const numbers = gather<number, number>({
    groupSize: 2,
    waitMs: 0,
    write: async (items) => {
      await new Promise(setImmediate);
      written += items.length;
      return items;
    },
  });
  for (let item = 0; item < 5; item += 1) void numbers.add(item);
  await numbers.idle();
  t.is(written, 5);
  await numbers.idle();
});

test('where nobody else may have a turn, what is added by settled promises is written together all the same', async (t) => {
  const groups: number[][] = [];
  const numbers = gather<number, number>({
    groupSize: 2,
    waitMs: 'microtask',
    write: async (items) => {
      groups.push([...items]);
      return items;
    },
  });
  let turns = 0;
  setImmediate(() => (turns += 1));
  const add = async (item: number): Promise<number> => {
    await Promise.resolve();
    return numbers.add(item);
  };
  t.deepEqual(await Promise.all([1, 2, 3].map(add)), [1, 2, 3]);
  t.deepEqual(groups, [[1, 2], [3]]);
  t.is(turns, 0);
});
