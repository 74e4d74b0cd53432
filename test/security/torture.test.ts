import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { httpTransport } from '@hookwell/adapters/http';
import { memoryStorage } from '@hookwell/adapters/memory';
import type { DeliveryNotice, TransportRequest, TransportResult } from '@hookwell/core';
import { hostileBehaviours, type HostileScript, type HostileVerdict } from '@hookwell/core/testing';
import test, { type ExecutionContext } from 'ava';
import { mary, startForReal, startReceiver } from '../engine-fixture.ts';
import { ClientSockets } from './client-sockets.ts';
import type { TortureUrls } from './torture-process.ts';

const atOnce = 50;
const totalMs = 1_000;
const graceMs = 1_000;
/** The headers and the body that are read, and what the socket had read ahead when that was reached. */
const mostRead = 16_384 + 65_536 + 2 * 65_536;
const megabyte = 1_048_576;

const scripts: Readonly<Record<string, HostileScript>> = hostileBehaviours;
const sockets = new ClientSockets();
const rejections: unknown[] = [];
process.on('unhandledRejection', (error) => rejections.push(error));

async function startReceivers(t: ExecutionContext): Promise<TortureUrls> {
  const child = fork(fileURLToPath(new URL('torture-process.ts', import.meta.url)));
  t.teardown(() => child.kill());
  const [urls] = (await once(child, 'message')) as [TortureUrls];
  return urls;
}

test.serial(`every behaviour, ${atOnce} at once: each request ends by its deadline, and leaves nothing behind`, async (t) => {
  t.timeout(300_000);
  const urls = await startReceivers(t);
  const transport = httpTransport({
    protocols: ['http:', 'https:'],
    allow: ['127.0.0.1:*'],
    totalMs,
    connections: atOnce,
    keepAliveMs: 30_000,
  });
  await transport.start({ now: Date.now });
  t.teardown(async () => transport.stop());
  const all = async (url: string): Promise<readonly Ended[]> =>
    Promise.all(Array.from({ length: atOnce }, async () => ended(transport.send, url)));
  await all(urls['ok'] as string);
  const before = process.memoryUsage().rss;
  const usedBefore = await inUse();
  const worst = { ms: 0, name: '', rss: 0, read: 0 };
  for (const [name, script] of Object.entries(scripts)) {
    sockets.takeMostRead();
    const results = await all(urls[name] as string);
    for (const { result, tookMs } of results) {
      t.true(tookMs <= totalMs + graceMs, `${name}: ended after ${tookMs} ms`);
      t.true([script.expect].flat().includes(verdictOf(result)), `${name}: ${JSON.stringify(result)}`);
      t.true(Buffer.byteLength(result.answer) <= 4_096, name);
      if (tookMs > worst.ms) Object.assign(worst, { ms: tookMs, name });
    }
    // Connections that were misbehaved on are gone, and all that an origin may have are free: as many requests at once are answered.
    await sockets.fallTo(keepsConnection(script) || script.on === 'connection' ? atOnce : 0);
    for (const { result, tookMs } of await all(urls['ok'] as string)) {
      t.true(result.ok, `after ${name}: ${JSON.stringify(result)}`);
      t.true(tookMs < totalMs, `after ${name}: ${tookMs} ms`);
    }
    const read = sockets.takeMostRead();
    t.true(read <= mostRead, `${name}: ${read} bytes were read`);
    worst.read = Math.max(worst.read, read);
    worst.rss = Math.max(worst.rss, process.memoryUsage().rss - before);
  }
  t.true(worst.rss < 512 * megabyte, `memory grew by ${worst.rss} bytes`);
  await transport.stop();
  await sockets.fallTo(0);
  t.deepEqual(rejections, []);
  // What memory grew by meanwhile is garbage: nothing of it is kept.
  const kept = (await inUse()) - usedBefore;
  t.true(kept < 32 * megabyte, `${kept} bytes are kept`);
  t.log(
    `${Object.keys(scripts).length} behaviours, ${sockets.opened()} connections; slowest end ${worst.ms.toFixed(0)} ms (${worst.name}); ` +
      `at most ${worst.read} bytes read of one connection; memory grew by ${(worst.rss / megabyte).toFixed(0)} MiB at most, of which ${(kept / megabyte).toFixed(1)} are kept`,
  );
});

test.serial('a healthy subscription beside one of every behaviour gets everything, and no slot is kept', async (t) => {
  t.timeout(120_000);
  const urls = await startReceivers(t);
  const healthy = await startReceiver(t);
  const rounds = 5;
  const { engine, told } = await startForReal(t, memoryStorage(), {
    transports: [httpTransport({ protocols: ['http:', 'https:'], allow: ['127.0.0.1:*'], totalMs })],
    slowAfterMs: 100,
  });
  await engine.subscriptions.create({ accountId: 'healthy', url: healthy.url('/in'), topic: 'sub_tag(1)' });
  for (const name of Object.keys(scripts)) {
    await engine.subscriptions.create({ accountId: 'hostile', url: urls[name] as string, topic: 'sub_tag(2)' });
  }
  const tagged = { objectType: 0, record: mary };
  const took = async (): Promise<number> => {
    const began = performance.now();
    const count = healthy.arrived.length + 1;
    await engine.emit('sub_tag(1)', { accountId: 'healthy', ...tagged });
    await healthy.until(() => healthy.arrived.length >= count);
    return performance.now() - began;
  };
  const alone: number[] = [];
  while (alone.length < 200) alone.push(await took());
  const beside: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await engine.emit('sub_tag(2)', { accountId: 'hostile', ...tagged });
    for (let index = 0; index < 100; index += 1) beside.push(await took());
  }
  const attempted = new Set(
    told
      .filter(({ name }) => name.startsWith('delivery:'))
      .map(({ notice }) => (notice as DeliveryNotice).subscription)
      .filter(({ accountId }) => accountId === 'hostile')
      .map(({ id }) => id),
  );
  t.is(new Set(healthy.arrived.map(({ headers }) => headers['webhook-id'])).size, 200 + 100 * rounds);
  t.true(attempted.size > Object.keys(scripts).length / 2, `only ${attempted.size} of the hostile ones were tried meanwhile`);
  t.log(
    `emit to receipt, p50 and p99: ${figures(alone)} alone, ${figures(beside)} beside ${Object.keys(scripts).length} hostile ones`,
  );
  t.true(percentile(beside, 0.5) < 3 * percentile(alone, 0.5) + 5, figures(beside));
  t.true(percentile(beside, 0.99) < percentile(alone, 0.99) + 500, figures(beside));
  const inFlight = (): number => engine.lanes.list().reduce((sum, lane) => sum + lane.inFlight, 0);
  await engine.stop();
  t.is(inFlight(), 0);
  await sockets.fallTo(0);
  t.deepEqual(rejections, []);
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is in use, on the heap and beside it, once the garbage is collected, in bytes. */
async function inUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Ended {
  readonly result: TransportResult;
  readonly tookMs: number;
}

async function ended(send: (request: TransportRequest) => Promise<TransportResult>, url: string): Promise<Ended> {
  const began = performance.now();
  const result = await send({
    deliveryId: 'delivery-1',
    accountId: 'account-1',
    subscriptionId: 1,
    topic: 'sub_tag(3)',
    url,
    headers: ['content-type', 'application/json'],
    body: '{"a":1}',
  });
  return { result, tookMs: performance.now() - began };
}

function keepsConnection({ steps }: HostileScript): boolean {
  const last = (typeof steps === 'function' ? steps({ number: 0, now: Date.now, earlier: 0 }) : steps).at(-1);
  return last !== undefined && 'answer' in last;
}

function verdictOf(result: TransportResult): HostileVerdict {
  if (result.ok) return 'delivered';
  return result.fault === 'busy' || result.fault === 'gone' ? result.fault : 'failed';
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

function figures(values: readonly number[]): string {
  return `${percentile(values, 0.5).toFixed(1)} and ${percentile(values, 0.99).toFixed(1)} ms`;
}
