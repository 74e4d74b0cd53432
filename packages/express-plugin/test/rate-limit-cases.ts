import type { ExecutionContext } from 'ava';
import type { Budget, RateLimitStore } from '../src/index.ts';

/** A store that nobody has used yet, whose clock stands still. */
export interface RateLimitHarness {
  readonly store: RateLimitStore;
  readonly move: (ms: number) => void | Promise<void>;
}

/** What every store promises. */
export interface RateLimitCase {
  readonly name: string;
  readonly run: (t: ExecutionContext, harness: RateLimitHarness) => Promise<void>;
}

const limit = { limit: 3, windowMs: 60_000 };
const taker =
  ({ store }: RateLimitHarness) =>
  async (key = 'a'): Promise<Budget> =>
    store.take(key, limit);

export const rateLimitCases: readonly RateLimitCase[] = [
  {
    name: 'the window rolls: no stretch of its length has more than the limit',
    async run(t, harness) {
      const take = taker(harness);
      const counted: number[] = [];
      // Every 7 seconds, over ten windows: a fixed window would let the double through around its end.
      for (let now = 0; now < 600_000; now += 7_000) {
        if ((await take()).counted) counted.push(now);
        await harness.move(7_000);
      }
      for (const from of counted) t.true(counted.filter((at) => at >= from && at < from + 60_000).length <= 3, String(from));
      t.true(counted.length >= 27, `${counted.length} of 30 possible`);
    },
  },
  {
    name: 'what is left, and when there is room for one more',
    async run(t, harness) {
      const take = taker(harness);
      t.deepEqual(await take(), { counted: true, remaining: 2, resetMs: 60_000 });
      await harness.move(10_000);
      t.deepEqual(await take(), { counted: true, remaining: 1, resetMs: 50_000 });
      await harness.move(10_000);
      t.deepEqual(await take(), { counted: true, remaining: 0, resetMs: 40_000 });
      t.deepEqual(await take(), { counted: false, remaining: 0, resetMs: 40_000 });
      await harness.move(39_999);
      t.deepEqual(await take(), { counted: false, remaining: 0, resetMs: 1 });
      await harness.move(1);
      t.deepEqual(await take(), { counted: true, remaining: 0, resetMs: 10_000 });
    },
  },
  {
    name: 'refused requests make no later one wait',
    async run(t, harness) {
      const take = taker(harness);
      for (let n = 0; n < 3; n += 1) await take();
      for (let n = 0; n < 59; n += 1) {
        await harness.move(1_000);
        t.false((await take()).counted);
      }
      await harness.move(1_000);
      t.true((await take()).counted);
    },
  },
  {
    name: 'keys do not touch each other',
    async run(t, harness) {
      const take = taker(harness);
      for (let n = 0; n < 4; n += 1) await take('a');
      t.deepEqual(await take('b'), { counted: true, remaining: 2, resetMs: 60_000 });
    },
  },
  {
    name: 'a key may be any text',
    async run(t, harness) {
      const take = taker(harness);
      const keys = ['account:\0', `account:${'x'.repeat(10_000)}`, "account:'; --", 'account:\uD800', 'account:ü'];
      for (const key of keys) t.like(await take(key), { counted: true, remaining: 2 }, key);
      for (const key of keys) t.like(await take(key), { counted: true, remaining: 1 }, key);
    },
  },
  {
    name: 'giving back makes room for one more; of nothing there is nothing to give back',
    async run(t, harness) {
      const { store } = harness;
      const take = taker(harness);
      await store.giveBack('a');
      for (let n = 0; n < 3; n += 1) await take();
      t.false((await take()).counted);
      await store.giveBack('a');
      t.true((await take()).counted);
      t.false((await take()).counted);
      for (let n = 0; n < 5; n += 1) await store.giveBack('a');
      t.deepEqual(await take(), { counted: true, remaining: 2, resetMs: 60_000 });
    },
  },
  {
    name: 'it is the newest request that is given back',
    async run(t, harness) {
      const take = taker(harness);
      await take();
      await harness.move(10_000);
      await take();
      await harness.store.giveBack('a');
      t.deepEqual(await take(), { counted: true, remaining: 1, resetMs: 50_000 });
    },
  },
];
