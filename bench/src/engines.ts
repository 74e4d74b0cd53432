import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpTransport } from '@hookwell/adapters/http';
import { memoryStorage } from '@hookwell/adapters/memory';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine, ontraportCatalog, standardWebhooks, type Engine, type StorageAdapter } from '@hookwell/core';
import { inParallel, type Contestant, type ModeName, type Prepared } from './contestant.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { callers, emitInput, laneCount, secret, tagOf, tagOfRecord, urlOf, type Workload } from './workload.ts';

/** Calls of `emit` that may wait at once: the engine's default of `maxPendingEmits`. */
const maxPendingEmits = 10_000;
/** How long outcomes may take once everything has arrived, in milliseconds. */
const patienceMs = 10_000;

/** The engine with everything in memory: what it costs without a disk. */
export const memoryEngine = engineOn('memory', 'Hookwell in memory', () => ({
  storage: memoryStorage(),
  remove: async () => {},
}));

/** The engine with an SQLite file, as durable as it can be made. */
export const sqliteEngine = engineOn('sqlite', 'Hookwell on SQLite, synchronous FULL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-'));
  return {
    storage: sqliteStorage({ filename: join(folder, 'bench.sqlite'), synchronous: 'FULL' }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

/** The engine with a schema of its own on a PostgreSQL server. */
export function postgresEngine({ server, pool, meter, newSchema, dropSchema }: PostgresDatabase): Contestant {
  const contestant = engineOn('postgres', `Hookwell on ${server}`, () => {
    const schema = newSchema();
    return { storage: postgresStorage({ pool, schema }), remove: async () => dropSchema(schema) };
  });
  return { ...contestant, database: meter };
}

interface Opened {
  readonly storage: StorageAdapter;
  /** Whether the lanes are subscribed already. */
  readonly isSubscribed?: boolean;
  readonly remove: () => Promise<void>;
}

/** The engine with all options at their defaults, on a storage that is opened for each run. */
export function engineOn(name: 'memory' | 'sqlite' | 'postgres', what: string, open: () => Opened): Contestant {
  return {
    name,
    what,
    async prepare(mode, workload, origins) {
      const { storage, isSubscribed = false, remove } = open();
      const accepting = makeEngine(storage);
      await accepting.engine.start({ deliver: mode !== 'backlog' });
      if (!isSubscribed) await subscribeLanes(accepting.engine, workload, origins);
      // The backlog of one engine, delivered by another one on the same storage.
      const delivering = mode === 'backlog' ? makeEngine(storage) : accepting;
      if (mode === 'backlog') await emitAll(accepting.engine, maxPendingEmits, workload);
      const prepared = prepare(mode, workload, accepting.engine, delivering.engine);
      return {
        ...prepared,
        async settled() {
          await prepared.settled();
          const [error] = [...accepting.errors, ...delivering.errors];
          if (error) throw error;
        },
        async close() {
          await delivering.engine.stop();
          await accepting.engine.stop();
          await remove();
        },
      };
    },
  };
}

/** Subscribes the lanes on a storage that is empty, for workloads that do not fan out. */
export async function subscribeOn(storage: StorageAdapter, origins: readonly string[]): Promise<void> {
  const { engine } = makeEngine(storage);
  await engine.start({ deliver: false });
  await subscribeLanes(engine, { records: 0, fanOut: 1 }, origins);
  await engine.stop();
}

/** An engine with all options at their defaults, and what went wrong in it. */
export function makeEngine(storage: StorageAdapter) {
  const engine = createEngine({
    storage,
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
    catalog: ontraportCatalog,
    plugins: [standardWebhooks({ secret })],
  });
  const errors: Error[] = [];
  engine.events.on('error', (error) => errors.push(error));
  return { engine, errors };
}

type BenchEngine = ReturnType<typeof makeEngine>['engine'];

async function subscribeLanes(engine: BenchEngine, { fanOut }: Workload, origins: readonly string[]): Promise<void> {
  for (let lane = 1; lane <= laneCount; lane += 1) {
    const topic = `sub_tag(${tagOf(lane, fanOut)})`;
    const { id } = await engine.subscriptions.create({ accountId: 1, url: urlOf(lane, origins), topic, encoding: 'json' });
    if (id !== lane) throw new Error(`subscription ${lane} of an empty storage got the number ${id}`);
  }
}

async function emitAll(engine: BenchEngine, atOnce: number, { records, fanOut }: Workload): Promise<void> {
  await inParallel(atOnce, records, async (record) => engine.emit(`sub_tag(${tagOfRecord(record, fanOut)})`, emitInput(record)));
}

function prepare(
  mode: ModeName,
  workload: Workload,
  accepting: BenchEngine,
  delivering: BenchEngine,
): Pick<Prepared, 'sendAll' | 'send' | 'settled'> {
  let problem: unknown = null;
  return {
    async sendAll() {
      if (mode === 'backlog') await delivering.start();
      else await emitAll(accepting, mode === 'bulk' ? maxPendingEmits : callers, workload);
    },
    send(record) {
      accepting.emit(`sub_tag(${tagOfRecord(record, workload.fanOut)})`, emitInput(record)).catch((error: unknown) => {
        problem ??= error;
      });
    },
    async settled() {
      const until = performance.now() + patienceMs;
      while (hasWork(delivering)) {
        if (performance.now() > until) throw new Error(`outcomes are still not recorded after ${patienceMs} ms`);
        await new Promise(setImmediate);
      }
      if (problem !== null) throw problem as Error;
    },
  };
}

/** Whether deliveries are in memory: a place in a lane is given back when the outcome is written. */
function hasWork(engine: Pick<Engine, 'lanes'>): boolean {
  return engine.lanes.list().length > 0;
}
