import test from 'ava';
import type { BinJson } from '../src/bins/bin-shapes.ts';
import { startBins } from './bins-host.ts';

const idsOf = async (host: Awaited<ReturnType<typeof startBins>>, account = 'a'): Promise<readonly string[]> =>
  (await host.bins<{ bins: readonly BinJson[] }>('GET', '', { account })).value.bins.map(({ id }) => id);

test('ids are 128 random bits', async (t) => {
  const host = await startBins(t);
  const ids = [await host.make(), await host.make()];
  for (const id of ids) t.regex(id, /^[0-9a-f]{32}$/);
  t.not(ids[0], ids[1]);
});

test('a bin more than an account may have takes the place of its oldest, and of nobody else’s', async (t) => {
  const host = await startBins(t, { perAccount: 2 });
  const others = await host.make('b');
  const [first, second, third] = [await host.make(), await host.make(), await host.make()];
  t.deepEqual(await idsOf(host), [third, second]);
  t.is((await host.send(first)).status, 404);
  t.deepEqual(await idsOf(host, 'b'), [others]);
});

test('with all bins taken an account can replace its own, and one without gets none', async (t) => {
  const host = await startBins(t, { inAll: 2 });
  const [first, others] = [await host.make('a'), await host.make('b')];
  const refused = await host.bins<{ code: string; detail: string }>('POST', '', { account: 'c' });
  t.is(refused.status, 503);
  t.like(refused.value, { code: 'unavailable', detail: 'This host holds 2 bins, and no more. Try again later.' });
  const second = await host.make('a');
  t.deepEqual(await idsOf(host, 'a'), [second]);
  t.not(second, first);
  t.deepEqual(await idsOf(host, 'b'), [others]);
});

test('a bin keeps its newest requests, and counts on', async (t) => {
  const host = await startBins(t, { requestsPerBin: 3 });
  const id = await host.make();
  for (let n = 0; n < 5; n += 1) await host.send(id);
  t.deepEqual(
    (await host.state(id)).requests.map(({ number }) => number),
    [3, 4, 5],
  );
  t.is((await host.bins('GET', `/${id}/requests/2`)).status, 404);
});

test('an account’s oldest requests make room for its new ones, over all its bins, and no one else’s do', async (t) => {
  const host = await startBins(t, { bytesPerAccount: 65_536, bytesPerRequest: 20_000 });
  const [one, two, others] = [await host.make(), await host.make(), await host.make('b')];
  const body = Buffer.alloc(20_000, 1);
  await host.send(others, { body });
  for (const id of [one, two, one, two, two]) await host.send(id, { body });
  t.deepEqual(
    (await host.state(one)).requests.map(({ number }) => number),
    [2],
  );
  t.deepEqual(
    (await host.state(two)).requests.map(({ number }) => number),
    [2, 3],
  );
  t.is((await host.state(others, 'b')).requests.length, 1);
});

test('an account that finds all room taken by others keeps a request without its body', async (t) => {
  const host = await startBins(t, { bytesInAll: 65_536, bytesPerRequest: 65_000 });
  const [mine, others] = [await host.make(), await host.make('b')];
  await host.send(others, { body: Buffer.alloc(60_000, 1) });
  await host.send(mine, { body: Buffer.alloc(60_000, 1) });
  t.like(await host.newest(mine), { bytes: null, size: 60_000, whole: false, notes: ['There was no room to keep the body.'] });
  t.is((await host.state(others, 'b')).requests.length, 1);
});

test('requests and unused bins are forgotten with age', async (t) => {
  const host = await startBins(t, { ageMs: 3_600_000 });
  const [used, idle] = [await host.make(), await host.make()];
  await host.send(used);
  host.move(3_000_000);
  await host.send(used);
  host.move(600_000);
  t.deepEqual(
    (await host.state(used)).requests.map(({ number }) => number),
    [2],
  );
  t.deepEqual(await idsOf(host), [used]);
  t.is((await host.send(idle)).status, 404);
  host.move(3_600_000);
  t.deepEqual(await idsOf(host), []);
});

test('requests under way are bounded for each account', async (t) => {
  const host = await startBins(t);
  const [slow, others] = [await host.make(), await host.make('b')];
  await host.bins('PUT', `/${slow}/answer`, { json: { delayMs: 30_000 } });
  const leave = new AbortController();
  t.teardown(() => leave.abort());
  const held = Array.from({ length: 100 }, async () =>
    fetch(`${host.url}/1/in/${slow}`, { method: 'POST', signal: leave.signal }).catch(() => null),
  );
  while ((await host.state(slow)).requests.length < 100) await new Promise((resolve) => setImmediate(resolve));
  const refused = await host.send(slow);
  t.is(refused.status, 429);
  t.is(refused.headers['retry-after'], '1');
  t.is((await host.send(others)).status, 200);
  leave.abort();
  await Promise.all(held);
  // Those who have gone make room.
  while (
    (await host.send(slow, { headers: { 'X-Test': 'again' } }).then(
      ({ status }) => status,
      () => 0,
    )) === 429
  );
  t.pass();
});
