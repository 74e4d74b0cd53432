import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import test, { type ExecutionContext } from 'ava';
import { LiveHub, maxListeners, type Listener } from '../src/manage/live-hub.ts';
import type { ChangeJson } from '../src/manage/schemas-stats.ts';
import type { WebhooksEngine } from '../src/index.ts';
import { keysOf, noon, versions, type Version } from './host.ts';
import { listen, problem, sessionOf, startManaged, subscribed, tagged, type ManagedHost } from './manage-host.ts';

// The timers of a hub keep no process alive, and so no test that waits for one.
let awake: NodeJS.Timeout | undefined;
test.before(() => {
  awake = setInterval(() => undefined, 1_000);
});
test.after.always(() => clearInterval(awake));

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: a page is told what changed in its account, and of nothing in another`, async (t) => {
    const host = await startManaged(t, { version });
    const mine = await listen(t, host);
    const theirs = await listen(t, host, keysOf('app-2'));
    t.is(mine.status, 200);
    t.is(mine.headers['content-type'], 'text/event-stream');
    t.is(mine.headers['cache-control'], 'no-store, no-transform');
    t.is(mine.headers['x-content-type-options'], 'nosniff');
    t.truthy(mine.headers['x-rate-limit-remaining']);

    const { id } = await subscribed(host);
    t.deepEqual(await mine.next(), { subscriptions: [id], deliveries: [], more: false });
    await tagged(host);
    await host.engine.deliverDue();
    // That it waits may be told before that it was delivered.
    let told = (await mine.next()) as ChangeJson;
    if (told.deliveries.length === 0) told = (await mine.next()) as ChangeJson;
    t.deepEqual(told, { subscriptions: [id], deliveries: told.deliveries, more: false });
    t.is(told.deliveries.length, 1);
    await host.api('POST', `/subscriptions/${id}/pause`);
    t.deepEqual(await mine.next(), { subscriptions: [id], deliveries: [], more: false });

    const other = await subscribed(host, {}, 'app-2');
    t.deepEqual(await theirs.next(), { subscriptions: [other.id], deliveries: [], more: false });
  });
}

test('what was sent again or cancelled here is told, too', async (t) => {
  const host = await startManaged(t);
  const { id } = await subscribed(host);
  await host.api('POST', `/subscriptions/${id}/pause`);
  await tagged(host);
  const page = await listen(t, host);
  const { json } = await host.api<{ readonly rows: readonly { readonly id: string }[] }>('GET', '/deliveries');
  const deliveryId = json.rows[0]?.id ?? '';
  await host.api('POST', `/deliveries/${deliveryId}/cancel`);
  t.deepEqual(await page.next(), { subscriptions: [id], deliveries: [deliveryId], more: false });
  await host.api('POST', `/deliveries/${deliveryId}/replay`);
  t.deepEqual(await page.next(), { subscriptions: [id], deliveries: [deliveryId], more: false });
});

test('however many listen, the engine has one listener of each kind, and none once all have gone', async (t) => {
  t.timeout(15_000);
  const host = await startManaged(t);
  const count = (): number => host.engine.events.listenerCount('delivery:delivered');
  t.is(count(), 0);
  const pages = [await listen(t, host), await listen(t, host), await listen(t, host, keysOf('app-2'))];
  t.is(count(), 1);
  for (const page of pages) page.close();
  while (count() > 0) await new Promise(setImmediate);
  t.is(host.engine.events.listenerCount('event:stored'), 0);
  t.is(host.engine.events.listenerCount('subscription:created'), 0);
});

test('an account has so many listeners and no more, and another one still has its own', async (t) => {
  const host = await startManaged(t, { options: { console: { authenticate: sessionOf } } });
  const headers = { Cookie: 'session=1', 'Sec-Fetch-Site': 'same-origin' };
  const pages = [];
  for (let count = 0; count < maxListeners.account; count += 1) pages.push(await listen(t, host, headers));
  const refused = await listen(t, host, headers);
  t.is(refused.status, 429);
  t.is(refused.headers['content-type'], 'application/problem+json');
  t.like(JSON.parse(refused.body), problem('too_many_listeners', 429));
  t.is((await listen(t, host, { ...headers, Cookie: 'session=2' })).status, 200);
  pages[0]?.close();
  let again = await listen(t, host, headers);
  while (again.status !== 200) again = await listen(t, host, headers);
  t.is(again.status, 200);
});

/** A listener that hears the next change. */
interface Ear extends Listener {
  readonly next: () => Promise<ChangeJson>;
  readonly ended: Promise<void>;
}

function ear(): Ear {
  const changes: ChangeJson[] = [];
  const notices = new EventEmitter();
  const ended = once(notices, 'end').then(() => undefined);
  return {
    onChange(change) {
      changes.push(change);
      notices.emit('change');
    },
    onEnd: () => void notices.emit('end'),
    ended,
    async next() {
      while (changes.length === 0) await once(notices, 'change');
      return changes.shift() as ChangeJson;
    },
  };
}

const quick = { gatherMs: 5, lookMs: 10 };

/** An engine that tells when its log is looked at: the second look from now on begins once the first is over. */
function seen(
  { engine: { catalog, subscriptions, deliveries, explain, replays, events } }: ManagedHost,
  look: typeof deliveries.attempts = async (...parameters) => deliveries.attempts(...parameters),
): { readonly engine: WebhooksEngine; readonly looks: (count: number) => Promise<void> } {
  const notices = new EventEmitter();
  const attempts: typeof look = async (...parameters) => {
    notices.emit('look');
    return look(...parameters);
  };
  return {
    engine: { catalog, subscriptions, deliveries: { ...deliveries, attempts }, explain, replays, events },
    async looks(count) {
      for (let done = 0; done < count; done += 1) await once(notices, 'look');
    },
  };
}

/** Two processes on one file: one with a hub, and one that does something. */
async function twoProcesses(t: ExecutionContext): Promise<{ readonly here: ManagedHost; readonly there: ManagedHost }> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-live-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const start = async (): Promise<ManagedHost> =>
    startManaged(t, { engine: { storage: sqliteStorage({ filename: join(folder, 'webhooks.db') }), now: () => noon } });
  return { here: await start(), there: await start() };
}

test('what another process did is seen in the log, and only that of the account', async (t) => {
  const { here, there } = await twoProcesses(t);
  const { id } = await subscribed(there);
  const stranger = await subscribed(there, {}, 'app-2');
  await tagged(there);
  await there.engine.deliverDue();

  const { engine, looks } = seen(here);
  const hub = new LiveHub(engine, () => t.fail(), quick);
  const page = ear();
  const remove = hub.add('1', page);
  // What was there before is nothing new: the first look passes without a change.
  await looks(2);
  await tagged(there, 2);
  await tagged(there, 1, 9);
  await there.engine.deliverDue();
  const change = await page.next();
  t.deepEqual(change.subscriptions, [id]);
  t.is(change.deliveries.length, 1);
  t.false(change.subscriptions.includes(stranger.id));
  remove?.();
});

test('what this process told of is not told again by the log', async (t) => {
  const host = await startManaged(t);
  // Told at once, so that what the log says would come as a change of its own.
  const { engine, looks } = seen(host);
  const hub = new LiveHub(engine, () => t.fail(), { gatherMs: 1, lookMs: 30 });
  const page = ear();
  const { id } = await subscribed(host);
  const remove = hub.add('1', page);
  await looks(2);
  for (let round = 1; round <= 3; round += 1) {
    await tagged(host, 1, round);
    await host.engine.deliverDue();
    const told: string[] = [];
    while (told.length === 0) told.push(...(await page.next()).deliveries);
    await looks(2);
    hub.touch('1', { subscriptionId: id });
    t.deepEqual(await page.next(), { subscriptions: [id], deliveries: [], more: false });
  }
  remove?.();
});

test('a hundred ids are named, and beyond it is said that there are more', async (t) => {
  const host = await startManaged(t);
  const hub = new LiveHub(host.engine, () => t.fail(), { ...quick, gatherMs: 50 });
  const page = ear();
  hub.add('1', page);
  for (let number = 1; number <= 150; number += 1) hub.touch('1', { subscriptionId: number % 3, deliveryId: `d${number}` });
  const change = await page.next();
  t.is(change.deliveries.length, 100);
  t.is(change.subscriptions.length, 3);
  t.true(change.more);
});

test('listeners are let go once the engine has stopped', async (t) => {
  const host = await startManaged(t);
  const hub = new LiveHub(host.engine, () => t.fail(), quick);
  const page = ear();
  hub.add('1', page);
  await host.engine.stop();
  await page.ended;
  t.pass();
});

test('a log that cannot be read is reported once, and looked at again', async (t) => {
  const host = await startManaged(t);
  const errors: unknown[] = [];
  let broken = true;
  const { attempts } = host.engine.deliveries;
  const { engine, looks } = seen(host, async (...parameters) =>
    broken ? Promise.reject(new Error('disk full')) : attempts(...parameters),
  );
  const hub = new LiveHub(engine, (error) => errors.push(error), quick);
  hub.add('1', ear());
  await looks(3);
  t.is(errors.length, 1);
  broken = false;
  await looks(2);
  t.is(errors.length, 1);
});
