import { randomUUID } from 'node:crypto';
import { HookwellError, type JoinedStorage, type StoreBatch } from '@hookwell/core';
import test from 'ava';
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect, type KyselyPlugin } from 'kysely';
import type { ClientBase } from 'pg';
import { testDatabase } from './postgres-fixture.ts';
import { batchFor, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

/** A transaction in one of the shapes that hosts have. */
interface Shape {
  readonly within: unknown;
  readonly end: (how: 'commit' | 'rollback') => Promise<void>;
}

const stop = Symbol('roll back');

/** A Kysely transaction that stays open until it is told how to end. */
async function kysely(plugins: KyselyPlugin[] = []): Promise<Shape> {
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: database.pool() }), plugins });
  const begun = Promise.withResolvers<unknown>();
  const ended = Promise.withResolvers<'commit' | 'rollback'>();
  const done = db
    .transaction()
    .execute(async (trx) => {
      begun.resolve(trx);
      if ((await ended.promise) === 'rollback') throw stop;
    })
    .catch((error: unknown) => {
      if (error !== stop) throw error;
    });
  return {
    within: await begun.promise,
    async end(how) {
      ended.resolve(how);
      await done;
    },
  };
}

/** A client of pg, wrapped as the case wants it. */
async function client(
  wrap: (query: (sql: string, values?: unknown[]) => Promise<{ rows: unknown[] }>) => unknown,
): Promise<Shape> {
  const taken = await database.behind.connect();
  await taken.query('begin');
  return {
    within: wrap(async (sql, values) => taken.query(sql, values)) ?? taken,
    async end(how) {
      await taken.query(how);
      taken.release();
    },
  };
}

const shapes: Readonly<Record<string, () => Promise<Shape>>> = {
  'a client of pg': async () => client(() => undefined),
  'a Kysely transaction': async () => kysely(),
  'a Kysely transaction with plugins of the host': async () => kysely([new CamelCasePlugin(), new ParseJSONResultsPlugin()]),
  'an object whose query answers a result': async () => client((query) => ({ query })),
  'an object whose query answers rows': async () =>
    client((query) => ({ query: async (sql: string, values: unknown[]) => (await query(sql, values)).rows })),
};

for (const [name, open] of Object.entries(shapes)) {
  test(`${name}: what is stored within is there after the commit, and never after a rollback`, async (t) => {
    const { storage } = await database.started({ pool: database.pool() });
    const { id } = await subscribe(storage);
    for (const how of ['rollback', 'commit'] as const) {
      const batch: StoreBatch = batchFor(`${how}-x`, [id]);
      const shape = await open();
      await (await storage.join(shape.within)).storeEvents(batch);
      t.deepEqual(await storage.findEvents('a', [batch.events[0]?.id ?? '']), [], 'not before the end');
      await shape.end(how);
      const found = await storage.findEvents(batch.events[0]?.accountId ?? '', [batch.events[0]?.id ?? '']);
      t.is(found.length, how === 'commit' ? 1 : 0, how);
    }
  });
}

test('an id that is not new is told as such, and the transaction is left to the host', async (t) => {
  const { storage } = await database.started({ pool: database.pool() });
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id]);
  await storage.storeEvents(batch);
  const shape = await client(() => undefined);
  const joined = await storage.join(shape.within);
  const error = await t.throwsAsync(async () => joined.storeEvents(batch), { code: 'storage_failed' });
  t.like(error?.cause, { code: '23505' });
  await shape.end('rollback');
});

test('a day that nobody has prepared is made beside the transaction of the host, which goes on', async (t) => {
  const { storage, setClock } = await database.started({ pool: database.pool() });
  const { id } = await subscribe(storage);
  for (const days of [2, 5, 8]) {
    await setClock(Date.UTC(2031, 0, days));
    const shape = await client(() => undefined);
    const joined = await storage.join(shape.within);
    await joined.storeEvents(batchFor(`x-${days}`, [id], { idempotencyKey: `key ${days}` }));
    await joined.storeEvents(batchFor(`y-${days}`, [id]));
    await shape.end('commit');
  }
  t.is((await storage.findEvents('a', ['x-2-e0', 'x-5-e0', 'x-8-e0'])).length, 3);
});

test('a role of the host’s own needs no more than usage of the schema, and to select, insert and update', async (t) => {
  const { storage, schema } = await database.started({ pool: database.pool() });
  const role = `hookwell_host_${randomUUID().slice(0, 8)}`;
  await database.behind.query(`create role ${role};
    grant usage on schema ${schema} to ${role};
    grant select, insert, update on all tables in schema ${schema} to ${role}`);
  t.teardown(async () => database.behind.query(`drop owned by ${role}; drop role ${role}`));
  const shape = await client(() => undefined);
  try {
    await (shape.within as ClientBase).query(`set local role ${role}`);
    const joined = await storage.join(shape.within);
    const { id } = await joined.createSubscription(await subscribe(storage));
    await joined.storeEvents(batchFor('x', [id], { idempotencyKey: 'k' }));
    const again = await joined.storeEvents(batchFor('y', [id], { idempotencyKey: 'k' }));
    t.is(again[0]?.id, 'x-e0');
    await joined.endSubscription('a', id, 'enough');
  } finally {
    await shape.end('commit');
  }
});

test('what is no open transaction is refused, with the way out', async (t) => {
  const { storage } = await database.started({ pool: database.pool() });
  const batch = batchFor('x', []);
  const call = async (within: unknown): Promise<unknown> => {
    const joined: JoinedStorage = await storage.join(within);
    return joined.storeEvents(batch);
  };
  const idle = await database.behind.connect();
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: database.pool() }) });
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [database.behind, /it is a pool.*pool\.connect\(\)/],
    [idle, /no transaction is open on it; send BEGIN first/],
    [{ query: async (sql: string, values: unknown[]) => idle.query(sql, values) }, /no transaction is open on it/],
    [db, /a Kysely that is no transaction/],
    [{ execute: () => undefined }, /it has no `query\(sql, parameters\)`/],
    [{ query: async () => 'yes' }, /answers neither rows nor an object with `rows`/],
  ];
  for (const [within, message] of refused) {
    const error = await t.throwsAsync(async () => call(within), { code: 'invalid_input', message });
    t.true(HookwellError.is(error, 'invalid_input'));
  }
  idle.release();
  t.deepEqual(await storage.findEvents('a', [batch.events[0]?.id ?? '']), []);
});
