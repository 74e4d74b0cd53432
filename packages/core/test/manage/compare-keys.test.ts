import test from 'ava';
import { compareKeys, digestOf, maxKeysPerApp } from '../../src/manage/compare-keys.ts';
import type { StoredKey } from '../../src/model/stored-key.ts';

const keyWith = (apiKey: string): StoredKey => ({
  id: apiKey,
  accountId: 'a',
  appId: 'app_1',
  digest: digestOf(apiKey),
  last4: '',
  name: '',
  owner: '1',
  permissions: [],
  createdAt: 0,
  endsAt: null,
  lastUsedAt: null,
});

const right = Array.from({ length: maxKeysPerApp }, (_, index) => `hwk_${String(index).repeat(43)}`);
const wrong = `hwk_${'A'.repeat(43)}`;

test('each of the keys of an App ID is right, and nothing else is', (t) => {
  const found = right.map(keyWith);
  for (const apiKey of right) t.is(compareKeys(apiKey, found)?.id, apiKey);
  for (const apiKey of [wrong, '', found[0]?.digest ?? '', right.join('')]) t.is(compareKeys(apiKey, found), null);
  for (const apiKey of [...right, wrong, '']) t.is(compareKeys(apiKey, []), null);
});

/** The time that is in the middle of many, in nanoseconds. */
function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

test('as much is done for a wrong key whether there are keys to compare with or not', (t) => {
  const found = [right.slice(0, 1).map(keyWith), []];
  const ratios: number[] = [];
  // A machine that does something else may spoil a round, and never makes what differs alike.
  for (let round = 0; round < 10; round += 1) {
    const times: [number[], number[]] = [[], []];
    for (let count = 0; count < 4_000; count += 1) {
      const which = count % 2 === 0 ? 0 : 1;
      const began = process.hrtime.bigint();
      compareKeys(wrong, found[which] ?? []);
      times[which].push(Number(process.hrtime.bigint() - began));
    }
    ratios.push(middle(times[0]) / middle(times[1]));
  }
  t.true(
    ratios.some((ratio) => Math.abs(ratio - 1) < 0.1),
    ratios.map((ratio) => ratio.toFixed(3)).join(' '),
  );
});
