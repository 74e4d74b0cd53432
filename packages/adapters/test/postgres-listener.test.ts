import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'pg';
import { postgresStorage, type PostgresPool } from '../src/postgres/index.ts';
import { testDatabase } from './postgres-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

let schemas = 0;

/** What a storage hears of others. */
interface Listening {
  readonly storage: StorageAdapter;
  readonly heard: () => number;
  /** Resolves when it has heard so many announcements. */
  readonly until: (count: number) => Promise<void>;
}

/** Starts storages in one schema, which hear of each other unless told otherwise. */
function place(t: ExecutionContext) {
  schemas += 1;
  const schema = `listening_${schemas}`;
  return async (options: { readonly pool?: PostgresPool; readonly listen?: boolean } = {}): Promise<Listening> => {
    const storage = postgresStorage({ pool: database.pool(), schema, ...options });
    let count = 0;
    const looks = new Set<() => void>();
    await storage.start({
      now: Date.now,
      onDue() {
        count += 1;
        for (const look of looks) look();
      },
    });
    t.teardown(async () => storage.stop());
    return {
      storage,
      heard: () => count,
      async until(wanted) {
        if (count >= wanted) return;
        await new Promise<void>((resolve) => {
          looks.add(() => {
            if (count >= wanted) resolve();
          });
        });
      },
    };
  };
}

/** The connections that listen in the database of these tests. */
async function listening(): Promise<readonly number[]> {
  const { rows } = await database.behind.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and query like 'listen "hookwell_%'`,
  );
  return rows.map(({ pid }) => pid);
}

test.serial('a lost connection is made again, and what was not heard meanwhile counts as heard', async (t) => {
  const start = place(t);
  const one = await start({ listen: false });
  const other = await start();
  const [pid] = await listening();
  await database.behind.query('select pg_terminate_backend($1)', [pid]);
  await other.until(1);
  t.notDeepEqual(await listening(), [pid]);
  await one.storage.announceDue();
  await other.until(2);
  t.is(other.heard(), 2);
});

test.serial('schemas of one database do not hear of each other', async (t) => {
  const [one, stranger] = [await place(t)(), await place(t)()];
  const startHere = place(t);
  const [here, there] = [await startHere(), await startHere()];
  await one.storage.announceDue();
  await here.storage.announceDue();
  await there.until(1);
  t.deepEqual([one.heard(), stranger.heard(), here.heard(), there.heard()], [0, 0, 0, 1]);
});

test.serial('it takes no connection from the pool, however small that is, and leaves none behind', async (t) => {
  const start = place(t);
  const pool = database.pool({ max: 1 });
  const one = await start({ pool });
  const other = await start({ pool });
  await one.storage.announceDue();
  await other.until(1);
  t.is(pool.totalCount, 1);
  const before = await listening();
  t.is(before.length, 2);
  await one.storage.stop();
  await other.storage.stop();
  while ((await listening()).length > 0);
  t.is(one.heard(), 0);
});

test.serial('a pool that does not say how it makes connections lends one, which comes back closed', async (t) => {
  const start = place(t);
  const lending = database.pool();
  const bare: PostgresPool = {
    query: async (query) => lending.query({ ...query, values: [...query.values] }),
    connect: (callback) => lending.connect(callback),
  };
  const one = await start({ pool: bare });
  const other = await start({ listen: false });
  await other.storage.announceDue();
  await one.until(1);
  await one.storage.stop();
  while ((await listening()).length > 0);
  t.is(lending.totalCount - lending.idleCount, 0);
});

test.serial('nobody listens who is not told what to do then, or is told not to', async (t) => {
  const start = place(t);
  const deaf = await start({ listen: false });
  const accepting = postgresStorage({ pool: database.pool(), schema: `listening_${schemas}` });
  t.teardown(async () => accepting.stop());
  await accepting.start({ now: Date.now });
  t.deepEqual(await listening(), []);
  const hearing = await start();
  await accepting.announceDue();
  await deaf.storage.announceDue();
  await hearing.until(2);
  t.is(deaf.heard(), 0);
});

test.serial('a server that has no connection left for it fails the start, which can be made again', async (t) => {
  const pool = database.pool();
  let refusals = 1;
  const scarce: PostgresPool = {
    query: async (query) => pool.query({ ...query, values: [...query.values] }),
    connect: (callback) => pool.connect(callback),
    options: pool.options,
    Client: class extends Client {
      override connect(): Promise<this> {
        refusals -= 1;
        if (refusals < 0) return super.connect() as Promise<this>;
        return Promise.reject(Object.assign(new Error('sorry, too many clients already'), { code: '53300' }));
      }
    },
  };
  const storage = postgresStorage({ pool: scarce, schema: 'scarce' });
  t.teardown(async () => storage.stop());
  const context = { now: Date.now, onDue: () => undefined };
  await t.throwsAsync(storage.start(context), { code: 'storage_busy' });
  t.deepEqual(await listening(), []);
  await storage.start(context);
  t.is((await listening()).length, 1);
});
