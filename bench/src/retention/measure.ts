import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import { startOn } from '../isolation/engine-sender.ts';
import { healthyFigures, lossesOf } from '../isolation/figures.ts';
import { observe } from '../isolation/run.ts';
import { openPostgresDatabase } from '../postgres-database.ts';
import { spread, type Spread } from '../statistics.ts';
import type { Behaviour } from '../traffic/behaviours.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { randomFrom } from '../traffic/random.ts';
import { makeSchedule } from '../traffic/schedule.ts';
import { fillPostgres } from './fill-postgres.ts';
import { fillSqlite } from './fill-sqlite.ts';
import { dayMs } from './history.ts';
import { countingPrunes, watchLocks, watchLoop, type Pruned, type Watch } from './watch.ts';

/** Endpoints with live traffic. */
const liveEndpoints = 20;
const behaviourOf = Array.from({ length: liveEndpoints }, (): Behaviour => 'ok');
/** Before that, a window is not measured, in milliseconds. */
const warmUpMs = 2_000;
/** Ages by default, but looked at every second; and ages at which nothing ever goes. */
const forgets = { everyMs: 1_000 };
const keeps = { deliveredMs: 3_650 * dayMs, failedMs: 3_650 * dayMs, maxAttemptsPerAccount: 1_000_000_000, everyMs: dayMs };

/** What is to be measured. */
export interface RetentionSettings {
  readonly seed: number;
  readonly rows: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** Live traffic while everything is kept, and while as much is forgotten as retention ever forgets. */
export interface RetentionFigures {
  readonly storage: string;
  readonly rows: number;
  /** From when an event was due to its receipt, in milliseconds. */
  readonly p50: { readonly kept: Spread; readonly forgotten: Spread };
  readonly p99: { readonly kept: Spread; readonly forgotten: Spread };
  readonly p99Ratio: Spread;
  /** The longest that live traffic waited: for a lock on PostgreSQL, for the event loop on SQLite. In milliseconds. */
  readonly longestWaitMs: { readonly kept: Spread; readonly forgotten: Spread };
  /** The longest call of `prune`, in milliseconds. */
  readonly longestCallMs: Spread;
  readonly rowsPerSecond: Spread;
  /** Live deliveries that never arrived, or came twice. */
  readonly lost: number;
}

/** Where a history is. */
interface Place {
  readonly what: string;
  readonly storage: () => StorageAdapter;
  readonly watch: () => Watch;
  readonly remove: () => Promise<void>;
}

/** A window of live traffic. */
interface Window {
  readonly p50: number;
  readonly p99: number;
  readonly longestWaitMs: number;
  readonly pruned: Pruned;
}

/** Measures live traffic beside a history that is forgotten, and beside the same while it is kept, in turn. */
export async function measureRetention(
  name: 'sqlite' | 'postgres',
  { seed, rows, rounds, seconds, perSecond }: RetentionSettings,
  endpoints: Endpoints,
  tell: (line: string) => void,
): Promise<RetentionFigures> {
  tell(`${name}: writing ${rows} lines of the log …`);
  const place = await (name === 'sqlite' ? sqlitePlace(rows) : postgresPlace(rows));
  try {
    const measured: { readonly kept: Window; readonly forgotten: Window }[] = [];
    let lost = 0;
    const run = async (kind: 'kept' | 'forgotten', round: number): Promise<Window> => {
      const random = randomFrom(seed + round);
      const choose = (): number => Math.floor(random() * liveEndpoints);
      const schedule = makeSchedule({ perSecond, seconds: warmUpMs / 1_000 + seconds, choose, random });
      const plan = { schedule, behaviourOf, deadlineMs: 10_000 };
      const pruned: Pruned = { calls: 0, rows: 0, longestMs: 0 };
      const storage = countingPrunes(place.storage(), pruned);
      const watch = place.watch();
      const options = { retention: kind === 'kept' ? keeps : forgets };
      const observed = await observe(async (setup) => startOn({ storage: () => storage }, setup, options), plan, endpoints);
      const longestWaitMs = await watch.end();
      const { missing, repeated } = lossesOf(plan, observed);
      lost += missing + repeated;
      const { fromDue } = healthyFigures(schedule, observed.timeline, () => true, warmUpMs);
      tell(
        `${name}: round ${round}, ${kind}: p50 ${fromDue.p50.toFixed(2)} ms, p99 ${fromDue.p99.toFixed(2)} ms, ` +
          `longest wait ${longestWaitMs.toFixed(1)} ms, ${pruned.rows} rows in ${pruned.calls} calls, ` +
          `the longest ${pruned.longestMs.toFixed(1)} ms`,
      );
      return { p50: fromDue.p50, p99: fromDue.p99, longestWaitMs, pruned };
    };
    // The first round warms up and does not count.
    for (let round = 0; round <= rounds; round += 1) {
      const isEven = round % 2 === 0;
      const first = await run(isEven ? 'kept' : 'forgotten', round);
      const second = await run(isEven ? 'forgotten' : 'kept', round);
      if (round > 0) measured.push(isEven ? { kept: first, forgotten: second } : { kept: second, forgotten: first });
    }
    const both = (value: (window: Window) => number) => ({
      kept: spread(
        measured.map(({ kept }) => value(kept)),
        2,
      ),
      forgotten: spread(
        measured.map(({ forgotten }) => value(forgotten)),
        2,
      ),
    });
    const over = (value: (round: (typeof measured)[number]) => number, digits: number): Spread =>
      spread(measured.map(value), digits);
    return {
      storage: place.what,
      rows,
      p50: both(({ p50 }) => p50),
      p99: both(({ p99 }) => p99),
      p99Ratio: over(({ kept, forgotten }) => forgotten.p99 / kept.p99, 3),
      longestWaitMs: both((window) => window.longestWaitMs),
      longestCallMs: over(({ forgotten }) => forgotten.pruned.longestMs, 1),
      rowsPerSecond: over(({ forgotten }) => forgotten.pruned.rows / (warmUpMs / 1_000 + seconds), 0),
      lost,
    };
  } finally {
    await place.remove();
  }
}

async function sqlitePlace(rows: number): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-'));
  const filename = join(folder, 'bench.sqlite');
  const storage = (): StorageAdapter => sqliteStorage({ filename, synchronous: 'FULL' });
  const first = storage();
  await first.start({ now: Date.now });
  await first.stop();
  fillSqlite(filename, rows);
  return {
    what: 'SQLite, synchronous FULL',
    storage,
    watch: watchLoop,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function postgresPlace(rows: number): Promise<Place> {
  const { server, url, pool, newSchema, close } = await openPostgresDatabase();
  const schema = newSchema();
  try {
    await fillPostgres(pool, schema, rows);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    what: server,
    storage: () => postgresStorage({ pool, schema }),
    watch: () => watchLocks(url, schema),
    remove: close,
  };
}
