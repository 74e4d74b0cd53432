import { memoryStorage } from '@hookwell/adapters/memory';
import { postgresMigrations, postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { setClock, testDatabase, type TestDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { sqlite, temporaryFile, type StorageKind } from './engine-fixture.ts';

/** A kind of storage that several engines can have open at once, as several processes would. */
export interface SharedStorageKind extends StorageKind {
  /** Makes an empty place for a test, and answers what opens it: another storage each time. */
  readonly makePlace: (t: ExecutionContext) => () => StorageAdapter;
}

type Pool = TestDatabase['behind'];

let database: Promise<TestDatabase> | undefined;
test.after.always(async () => (await database)?.remove());

/** The pool of this test file, on a database that is made when the first storage is started. */
async function ownPool(): Promise<Pool> {
  database ??= testDatabase();
  return (await database).behind;
}

/** A schema whose clock goes by that of the engine which has called last. */
class PostgresPlace {
  readonly #schema: string;
  #ready: Promise<Pool> | undefined;
  #time: number | 'real' = 'real';

  constructor(schema: string) {
    this.#schema = schema;
  }

  /** Makes the tables, once. */
  async ready(): Promise<Pool> {
    this.#ready ??= ownPool().then(async (pool) => {
      await pool.query(
        postgresMigrations({ schema: this.#schema })
          .map(({ sql }) => sql)
          .join('\n'),
      );
      return pool;
    });
    return this.#ready;
  }

  /** Sets the clock of the schema to that of an engine, unless it is there already or both are the machine's. */
  async goBy(now: () => number): Promise<void> {
    const earliest = Date.now();
    const time = now();
    const wanted = time >= earliest && time <= Date.now() ? 'real' : time;
    if (wanted !== this.#time) {
      this.#time = wanted;
      const set = async (pool: Pool): Promise<Pool> => {
        await setClock(pool, this.#schema, wanted);
        return pool;
      };
      this.#ready = this.ready().then(set);
    }
    await this.#ready;
  }

  /** A storage in the schema, for which time passes as it does for one inside the process: with the clock of its engine. */
  open(): StorageAdapter {
    let now = Date.now;
    let sound: StorageAdapter | undefined;
    const inStep: Record<string, unknown> = {};
    for (const member of Object.keys(memoryStorage()) as (keyof StorageAdapter)[]) {
      inStep[member] = async (...given: readonly unknown[]) => {
        await this.goBy(now);
        if (!sound) throw new Error('it was not started');
        return (sound[member] as (...given: readonly unknown[]) => Promise<unknown>)(...given);
      };
    }
    return {
      ...(inStep as unknown as StorageAdapter),
      name: 'postgres',
      start: async (context) => {
        now = context.now;
        await this.ready();
        await this.goBy(now);
        sound ??= postgresStorage({ pool: await this.ready(), schema: this.#schema, migrate: false });
        await sound.start(context);
      },
      stop: async () => sound?.stop(),
    };
  }
}

let places = 0;

/** PostgreSQL, in a schema for each test. */
const postgres: SharedStorageKind = {
  name: 'postgres',
  make: (t) => postgres.makePlace(t)(),
  makePlace() {
    places += 1;
    const place = new PostgresPlace(`engine_${places}`);
    return () => place.open();
  },
};

/** What depends on the storage runs on each of these. */
export const storages: readonly StorageKind[] = [sqlite, { name: 'memory', make: () => memoryStorage() }, postgres];

/** What depends on storages that several engines share runs on each of these. */
export const sharedStorages: readonly SharedStorageKind[] = [
  {
    ...sqlite,
    makePlace(t) {
      const filename = temporaryFile(t);
      return () => sqliteStorage({ filename });
    },
  },
  postgres,
];
