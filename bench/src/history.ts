import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { Settings } from './arguments.ts';
import type { Contestant, ModeName } from './contestant.ts';
import { engineOn, postgresEngine, sqliteEngine, subscribeOn } from './engines.ts';
import { fillPostgres, makePostgresDays } from './fill-postgres.ts';
import { fillSqlite } from './fill-sqlite.ts';
import { describeMachine, describeVersions, type Machine } from './machine.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { startReceiver, type Receiving } from './receiving.ts';
import { run } from './run.ts';
import { spread, type Spread } from './statistics.ts';
import type { Sent } from './verify.ts';

/** What history is measured on, and how. */
const historyContestants = ['sqlite', 'postgres'] as const;
const historyModes = ['awaited', 'backlog'] as const satisfies readonly ModeName[];

/** Deliveries per second of one contestant in one mode. */
export interface HistoryFigures {
  readonly empty: Spread;
  readonly full: Spread;
  /** Of the full one to the empty one of the same round. */
  readonly ratio: Spread;
}

/** What the bench prints as JSON about a history. */
export interface HistoryResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: { readonly deliveries: number; readonly rounds: number; readonly finishedDeliveries: number };
  readonly figures: readonly ({ readonly contestant: string; readonly mode: string } & HistoryFigures)[];
  readonly seconds: number;
}

/** The same contestant twice: on an empty database, and on one with a history, which is there until it is closed. */
interface Pair {
  readonly what: string;
  readonly empty: Contestant;
  readonly full: Contestant;
  readonly close: () => Promise<void>;
}

/** Compares deliveries per second beside a history of finished deliveries with those on an empty database, round by round. */
export async function benchHistory(
  settings: Settings & { readonly history: number },
  tell: (line: string) => void,
): Promise<HistoryResult> {
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const figures: HistoryResult['figures'][number][] = [];
  const receiving = await startReceiver();
  try {
    for (const name of historyContestants) {
      if (!settings.contestants.includes(name)) continue;
      tell(`${name}: writing ${settings.history} finished deliveries …`);
      const pair = await (name === 'sqlite' ? openSqlite : openPostgres)(settings.history, receiving.origins);
      try {
        for (const mode of historyModes) {
          if (!settings.modes.includes(mode)) continue;
          tell(`${name}: ${mode} …`);
          figures.push({ contestant: pair.what, mode, ...(await compare(pair, mode, settings, receiving)) });
        }
      } finally {
        await pair.close();
      }
    }
  } finally {
    receiving.stop();
  }
  return {
    startedAt,
    machine,
    versions: describeVersions(),
    settings: { deliveries: settings.events, rounds: settings.rounds, finishedDeliveries: settings.history },
    figures,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
}

async function openSqlite(deliveries: number, origins: readonly string[]): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-'));
  const filename = join(folder, 'history.sqlite');
  const open = () => sqliteStorage({ filename, synchronous: 'FULL' });
  await subscribeOn(open(), origins);
  fillSqlite(filename, deliveries);
  return {
    what: sqliteEngine.what,
    empty: sqliteEngine,
    full: engineOn('sqlite', 'with a history', () => ({ storage: open(), isSubscribed: true, remove: async () => {} })),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function openPostgres(deliveries: number, origins: readonly string[]): Promise<Pair> {
  const database = await openPostgresDatabase();
  const { pool, newSchema, close } = database;
  const schema = newSchema();
  const open = () => postgresStorage({ pool, schema });
  await makePostgresDays(pool, schema);
  await subscribeOn(open(), origins);
  await fillPostgres(pool, schema, deliveries);
  const empty = postgresEngine(database);
  return {
    what: empty.what,
    empty,
    full: engineOn('postgres', 'with a history', () => ({ storage: open(), isSubscribed: true, remove: async () => {} })),
    close,
  };
}

async function compare(
  { empty, full }: Pair,
  mode: ModeName,
  { events, rounds }: Settings,
  receiving: Receiving,
): Promise<HistoryFigures> {
  const workload = { records: events, fanOut: 1 };
  let sent: Sent | undefined;
  const measure = async (contestant: Contestant): Promise<number> => {
    const one = await run(contestant, mode, workload, receiving, sent);
    sent = one.sent;
    return one.deliveriesPerSecond;
  };
  // Once unmeasured, for what is compiled and cached.
  for (const contestant of [empty, full]) await measure(contestant);
  const measured: { readonly empty: number; readonly full: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const figures = { empty: 0, full: 0 };
    for (const name of round % 2 === 0 ? (['empty', 'full'] as const) : (['full', 'empty'] as const)) {
      figures[name] = await measure(name === 'empty' ? empty : full);
    }
    measured.push(figures);
  }
  const over = (value: (one: (typeof measured)[number]) => number, digits: number): Spread => spread(measured.map(value), digits);
  return {
    empty: over((one) => one.empty, 0),
    full: over((one) => one.full, 0),
    ratio: over((one) => one.full / one.empty, 3),
  };
}
