import { readFileSync } from 'node:fs';
import { httpTransport } from '@hookwell/adapters/http';
import { memoryStorage } from '@hookwell/adapters/memory';
import { HookwellError, type DeliveryNotice, type Subscription } from '@hookwell/core';
import test from 'ava';
import { makeEngine, toldAs, type Running } from '../engine-fixture.ts';

const hostile = readJson('hostile-urls.json') as Record<string, string[]>;
const good = readJson('good-urls.json') as string[];
const fine = { accountId: 7, url: 'https://hooks.example.com/', topic: 'sub_tag(3)' } as const;
const hour = 3_600_000;

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

/** Plain http is allowed, so that nothing is refused only because of that; addresses are looked at as they are by default. */
const transports = () => [httpTransport({ protocols: ['https:', 'http:'] })];

/** A subscription whose URL was changed in the storage itself, past all checks. */
async function planted({ engine }: Running, storage: ReturnType<typeof memoryStorage>, url: string): Promise<Subscription> {
  const subscription = await engine.subscriptions.create(fine);
  await storage.updateSubscription('7', subscription.id, { url });
  return subscription;
}

/** What was told of URLs that a transport takes by their scheme, and refuses. */
function byPolicy(told: readonly DeliveryNotice[]): readonly DeliveryNotice['outcome'][] {
  return told.map(({ outcome }) => outcome).filter(({ reason }) => reason.startsWith('its URL may not be sent to: '));
}

test('there are hostile URLs enough, no two alike', (t) => {
  const all = Object.values(hostile).flat();
  t.true(all.length >= 250, `${all.length}`);
  t.is(new Set(all).size, all.length);
  t.true(good.length >= 20);
});

for (const [category, urls] of Object.entries(hostile)) {
  test(`${category}: refused when a subscription is made and changed, when it is tested and when it is sent to`, async (t) => {
    const storage = memoryStorage();
    const running = makeEngine(t, storage, { transports: transports() });
    const { engine, clock, told } = running;
    await engine.start({ deliver: false });
    const subscription = await engine.subscriptions.create(fine);
    for (const url of urls) {
      const label = JSON.stringify(url.slice(0, 100));
      const refused = [engine.subscriptions.create({ ...fine, url }), engine.subscriptions.update(7, subscription.id, { url })];
      for (const attempt of refused) {
        const error = await t.throwsAsync(attempt, undefined, label);
        t.true(HookwellError.is(error, 'invalid_url'), label);
      }
    }
    await engine.subscriptions.remove(7, subscription.id);
    for (const url of urls) {
      const { id } = await planted(running, storage, url);
      const result = await engine.deliveries.test(7, id);
      t.like(result, { outcome: 'failed', status: 0 }, url);
      t.regex(result.reason, /^(its URL may not be sent to: |no transport for its URL)/, url);
    }
    const before = toldAs(told, 'delivery:failed').length;
    const policy = urls.filter((url) => /^https?:/i.test(url));
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 'Contact', record: { id: '1' } });
    await engine.deliverDue();
    for (const waitMs of [hour, 6 * hour]) {
      const waits = byPolicy(toldAs(told, 'delivery:retrying')).filter(({ retryInMs }) => retryInMs === waitMs);
      t.is(waits.length, policy.length, `${waitMs} ms`);
      clock.move(waitMs);
      await engine.deliverDue();
    }
    t.is(byPolicy(toldAs(told, 'delivery:failed').slice(before)).length, policy.length, 'after 1 h and 6 h they have failed');
    t.deepEqual(toldAs(told, 'delivery:delivered'), []);
    t.deepEqual(toldAs(told, 'error'), []);
  });
}

test('good URLs are taken, whatever they remind of', async (t) => {
  const { engine } = makeEngine(t, memoryStorage(), { transports: [httpTransport()] });
  await engine.start({ deliver: false });
  for (const url of good) t.is((await engine.subscriptions.create({ ...fine, url })).url, url);
});
