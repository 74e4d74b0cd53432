// A replay whose process is killed three times in the middle, beside live traffic. HOOKWELL_REPLAYED says how many deliveries
// (25,000) and HOOKWELL_REPLAY_PACE how many in a second (1,000): with a million it is the measurement of docs/replay.md.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createEngine } from '@hookwell/core';
import { httpTransport } from '@hookwell/adapters/http';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { catalog, temporaryFile } from '../engine-fixture.ts';
import { countByLines, fillWithFailures, openStorage, replayOptions } from './replay-storage.ts';

const deliveries = Number(process.env['HOOKWELL_REPLAYED'] ?? 25_000);
const pacePerSecond = Number(process.env['HOOKWELL_REPLAY_PACE'] ?? 1_000);
const livePerSecond = 20;
const aloneMs = 15_000;
/** Requests that may be under way when a process is killed: each of them may arrive a second time. */
const underWay = 100;

/** How long a kill itself is felt, replay or not: until leases have run out and what gathered meanwhile is sent. */
const afterKillMs = 8_000;

const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what arrives of the replay by its delivery, and how late what is live arrives. */
async function startReceiver(t: ExecutionContext) {
  const arrived = new Map<string, number>();
  const live: { readonly sentAt: number; readonly lateMs: number }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end('ok');
      const id = String(request.headers['webhook-id']);
      if (request.url === '/replayed') {
        arrived.set(id, (arrived.get(id) ?? 0) + 1);
        return;
      }
      const at = /firstname%5D=at(?:\+|%20)(\d+)/.exec(Buffer.concat(chunks).toString())?.[1];
      if (at) live.push({ sentAt: Number(at), lateMs: Date.now() - Number(at) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  return { arrived, live, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function startProcess(place: string): ChildProcess {
  const script = fileURLToPath(new URL('replay-process.ts', import.meta.url));
  return spawn(process.execPath, ['--conditions=source', script, place, String(livePerSecond)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function killThreeTimes(t: ExecutionContext, name: string, place: string): Promise<void> {
  t.timeout(60_000 + aloneMs + (4 * 1_000 * deliveries) / pacePerSecond);
  const { arrived, live, url } = await startReceiver(t);
  const engine = createEngine({
    storage: openStorage(place),
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 1_000 })],
    catalog,
    ...replayOptions,
  });
  await engine.start({ deliver: false });
  t.teardown(async () => engine.stop());
  const { id: lane } = await engine.subscriptions.create({ accountId: 'replayed', url: `${url}/replayed`, topic: 'sub_tag(3)' });
  await engine.subscriptions.create({ accountId: 'live', url: `${url}/live`, topic: 'sub_tag(4)' });
  await fillWithFailures(place, lane, deliveries);

  let child = startProcess(place);
  t.teardown(() => child.kill('SIGKILL'));
  while (live.length === 0) await sleep(50);
  live.splice(0);
  await sleep(aloneMs);
  const alone = live.splice(0).map(({ lateMs }) => lateMs);

  const began = performance.now();
  const { id, matched } = await engine.replays.create('replayed', {}, { pacePerSecond });
  t.is(matched, 0);
  const kills: { readonly at: number; readonly queued: number }[] = [];
  let mostWaiting = 0;
  let replay = await engine.replays.get('replayed', id);
  while (replay.state === 'running') {
    if (kills.length < 3 && replay.queued >= ((kills.length + 1) * deliveries) / 4) {
      kills.push({ at: Date.now(), queued: replay.queued });
      child.kill('SIGKILL');
      await once(child, 'close');
      child = startProcess(place);
    }
    await sleep(100);
    replay = await engine.replays.get('replayed', id);
    mostWaiting = Math.max(mostWaiting, (await engine.deliveries.list('replayed', { limit: 0 })).total);
  }
  const seconds = (performance.now() - began) / 1_000;
  const isUndisturbed = (sentAt: number): boolean => kills.every(({ at }) => sentAt < at - 1_000 || sentAt > at + afterKillMs);
  const beside = live.filter(({ sentAt }) => isUndisturbed(sentAt)).map(({ lateMs }) => lateMs);
  child.kill('SIGKILL');

  let requests = 0;
  for (const times of arrived.values()) requests += times;
  const p = (values: readonly number[]): string => `p50 ${percentile(values, 0.5)} ms, p99 ${percentile(values, 0.99)} ms`;
  t.log(
    `${name}: ${deliveries} deliveries in ${seconds.toFixed(0)} s, killed at ${kills.map(({ queued }) => queued).join(', ')}`,
  );
  t.log(`${requests - deliveries} requests arrived twice; ${mostWaiting} deliveries were unfinished at the most`);
  t.log(
    `live traffic alone, and undisturbed by kills: ${p(alone)} (${alone.length}); beside the replay: ${p(beside)} (${beside.length})`,
  );

  t.is(kills.length, 3);
  t.like(replay, { state: 'done', matched: deliveries, queued: deliveries, waiting: 0, delivered: deliveries, failed: 0 });
  t.is(arrived.size, deliveries, 'each arrived');
  t.true(requests - deliveries <= 3 * underWay, 'only what was under way at a kill arrived twice');
  t.deepEqual([...(await countByLines(place))], [[2, deliveries]], 'each has one line more than before');
  t.true(mostWaiting <= 1_000, 'the queue has not grown');
  t.true(percentile(beside, 0.99) <= Math.max(250, 3 * percentile(alone, 0.99)), 'live traffic was not held up');
}

test.serial('sqlite: a replay that is killed three times sends each once, and holds up nobody', async (t) => {
  await killThreeTimes(t, 'SQLite', temporaryFile(t));
});

test.serial('postgres: a replay that is killed three times sends each once, and holds up nobody', async (t) => {
  const database = await testDatabase();
  t.teardown(async () => database.remove());
  await killThreeTimes(t, 'PostgreSQL', database.url);
});
