import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';

import type { DatabaseMeter } from './contestant.ts';

/** A Redis for one start of the bench. */
export interface RedisServer {
  /** What it is and how durable, for whoever reads the figures. */
  readonly server: string;
  readonly url: string;
  readonly meter: DatabaseMeter;
  /** Ends the server if it was started for it. */
  readonly close: () => Promise<void>;
}

/** Why there was none. */
export const noRedis =
  'no Redis answers at 127.0.0.1:6379 and there is no redis-server to start; install it, or name one by HOOKWELL_BENCH_REDIS_URL';
const usual = 'redis://127.0.0.1:6379';
/** How long a server that was started may take to answer, in milliseconds. */
const patienceMs = 10_000;

/**
 * Finds a Redis that writes a log of its changes and syncs it every second, as BullMQ recommends: the one that the variable
 * HOOKWELL_BENCH_REDIS_URL names, whatever it does; else the one on port 6379 if it does so; else one that is started.
 * Where there is no program to start, the one on port 6379 as it is.
 *
 * @returns null where there is none
 * @throws {Error} when the one that was named does not answer
 */
export async function openRedisServer(): Promise<RedisServer | null> {
  const named = process.env['HOOKWELL_BENCH_REDIS_URL'] ?? '';
  const found = await connect(named === '' ? usual : named);
  if (named !== '' && !found) throw new Error(`no Redis answers at HOOKWELL_BENCH_REDIS_URL, which is ${named}`);
  if (found && (named !== '' || (await persistenceOf(found)) === recommended))
    return describe(found, named || usual, async () => {});
  const started = await start();
  if (!started) return found && describe(found, usual, async () => {});
  found?.disconnect();
  return started;
}

const recommended = 'appendonly, synced everysec';

async function describe(client: Redis, url: string, stop: () => Promise<void>): Promise<RedisServer> {
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '';
  return {
    server: `Redis ${version} (${await persistenceOf(client)})`,
    url,
    meter: {
      // It counts for itself, and so on every system.
      async cpuMicros() {
        const seconds = [...(await client.info('cpu')).matchAll(/used_cpu_(?:sys|user)(?:_children)?:([\d.]+)/g)];
        return Math.round(seconds.reduce((sum, [, value]) => sum + Number(value), 0) * 1e6);
      },
      statements: () => null,
    },
    async close() {
      client.disconnect();
      await stop();
    },
  };
}

async function persistenceOf(client: Redis): Promise<string> {
  const { appendonly, appendfsync, save } = await settingsOf(client);
  if (appendonly === 'yes') return `appendonly, synced ${appendfsync}`;
  return save === '' ? 'nothing on disk' : 'snapshots only';
}

async function settingsOf(client: Redis): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const name of ['appendonly', 'appendfsync', 'save']) {
    const answer = (await client.config('GET', name)) as readonly string[];
    settings[name] = answer[1] ?? '';
  }
  return settings;
}

/** Null when nothing answers. */
async function connect(url: string): Promise<Redis | null> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
    return client;
  } catch {
    client.disconnect();
    return null;
  }
}

/** Null when there is no program of that name. */
async function start(): Promise<RedisServer | null> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-redis-'));
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'everysec', save: '' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', [...args, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const hasFailed = new Promise<true>((resolve) => {
    child.once('error', () => resolve(true));
    child.once('exit', () => resolve(true));
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `redis://127.0.0.1:${port}`;
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    const client = await connect(url);
    if (client) return describe(client, url, stop);
    if ((await Promise.race([hasFailed, setTimeout(50)])) === true) break;
  }
  await stop();
  return null;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
