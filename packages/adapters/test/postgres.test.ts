import { HookwellError } from '@hookwell/core';
import { exampleSubscription } from '@hookwell/core/testing';
import test from 'ava';
import { types, type Pool } from 'pg';
import { postgresStorage, type PostgresPool } from '../src/postgres/index.ts';
import { testDatabase, type StartedStorage } from './postgres-fixture.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

const allRows = { which: 'active', where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 1_000 } as const;

/** Rejects as busy, with what the database said as its cause. */
async function busyWith(code: string, call: () => Promise<unknown>): Promise<HookwellError> {
  try {
    await call();
  } catch (error) {
    if (!HookwellError.is(error, 'storage_busy')) throw error;
    const cause = error.cause as { readonly code?: string };
    if (cause.code !== code) throw new Error(`it was busy with ${String(cause.code)} instead of ${code}`, { cause: error });
    return error;
  }
  throw new Error(`it did not reject as busy with ${code}`);
}

/** Waits until something of the pool waits for a lock. */
async function waitForLock(pool: Pool): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows[0]) return rows[0].pid;
  }
}

/** Keeps others from writing deliveries. */
async function lockDeliveries({ pool, schema }: StartedStorage): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query(`begin; lock table "${schema}".deliveries in exclusive mode`);
  return async () => {
    await client.query('rollback');
    client.release();
  };
}

test.serial('options are refused unless they name a pool of pg and a plain schema', (t) => {
  const refused = (options: object): string => {
    const error = t.throws<HookwellError>(() => postgresStorage(options as { pool: PostgresPool }));
    t.is(error?.code, 'invalid_option');
    return error?.message ?? '';
  };
  const pool = database.pool();
  t.regex(refused({}), /needs the option "pool"/);
  t.regex(refused({ pool: {} }), /not a pool of pg; pass what `new Pool/);
  t.regex(refused({ pool, schema: 'web hooks' }), /schema/);
  t.regex(refused({ pool, schema: '"; drop schema public; --' }), /schema/);
  t.regex(refused({ pool, shema: 'hooks' }), /Did you mean "schema"/);
  t.notThrows(() => postgresStorage({ pool, schema: 'Web_Hooks_2' }));
});

test.serial('the pool of the host stays open, and what the host has set of type parsers makes no difference', async (t) => {
  const pool = database.pool({ types: { getTypeParser: () => () => 'parsed by the host' } });
  const { storage } = await database.started({ pool });
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id]));
  const { claims, events, cursor } = await storage.claimDeliveries(claimRequest());
  t.is(claims[0]?.subscriptionId, id);
  t.deepEqual(events[0]?.record, { id: 0 });
  t.is(cursor, id);
  t.is(typeof claims[0]?.createdAt, 'number');
  const before = types.getTypeParser(types.builtins.INT8);
  await storage.stop();
  await storage.stop();
  t.is(types.getTypeParser(types.builtins.INT8), before);
  t.false(pool.ended);
  t.deepEqual((await pool.query('select 1 as one')).rows, [{ one: 'parsed by the host' }]);
  const error = await t.throwsAsync<HookwellError>(storage.nextDueInMs());
  t.is(error.code, 'storage_failed');
});

test.serial('texts that PostgreSQL cannot keep, from a receiver or a tenant, hold nothing up', async (t) => {
  const { storage } = await database.started();
  const bad = 'zero \0, half a pair \ud800, and a backslash \\u0000';
  const kept = 'zero \uFFFD, half a pair \uFFFD, and a backslash \\u0000';
  const subscription = await subscribe(storage, { data: bad });
  t.is(subscription.data, kept);
  const record = { id: 1, bad };
  const batch = batchFor('x', [subscription.id, subscription.id], { record, idempotencyKey: bad });
  const [first, second] = await storage.storeEvents(batch);
  t.is(second?.id, first?.id);
  const { claims, events } = await storage.claimDeliveries(claimRequest());
  t.deepEqual(events[0]?.record, record);
  t.is(events[0]?.idempotencyKey, kept);
  const { written } = await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim, { answer: bad, reason: bad })));
  t.deepEqual(written, [true]);
  const where = { kind: 'compare', field: 'reason', operator: '=', value: bad } as const;
  const { rows } = await storage.listAttempts('a', { ...allRows, where });
  t.deepEqual(
    rows.map(({ answer, reason }) => [answer, reason]),
    [[kept, kept]],
  );
});

test.serial('times that are no whole milliseconds, from a clock of the host, are kept as whole ones', async (t) => {
  const { storage } = await database.started();
  const { id } = await subscribe(storage);
  await storage.storeEvents({ ...batchFor('x', [id]), leaseMs: 60_000.5 });
  const { claims } = await storage.claimDeliveries(claimRequest({ leaseMs: 1_000.5 }));
  const times = { startedAt: 1_768_478_400_000.25, durationMs: 12.5, retryInMs: 99.5, pauseLaneMs: 0.5 };
  const outcomes = claims.map((claim) => outcomeOf(claim, { outcome: 'retry', endpoint: 'failed', ...times }));
  t.deepEqual((await storage.recordOutcomes(outcomes)).written, [true]);
  const { rows } = await storage.listAttempts('a', allRows);
  t.is(rows[0]?.startedAt, 1_768_478_400_000);
  t.true(Number.isInteger(rows[0]?.nextAttemptAt));
});

test.serial('a delivery whose event is not in the batch is refused with the batch', async (t) => {
  const { storage, column, schema } = await database.started();
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id, id]);
  const error = await t.throwsAsync<HookwellError>(storage.storeEvents({ ...batch, events: batch.events.slice(0, 1) }));
  t.is(error.code, 'storage_failed');
  t.regex(error.message, /event "x-e1" of the delivery "x-d1" is not in it/);
  t.deepEqual(await column(`select id from "${schema}".events`), []);
});

test.serial(
  'a key that nobody has any more is free, and one whose event is not there is told instead of waited for',
  async (t) => {
    const { storage, column, schema } = await database.started();
    const { id } = await subscribe(storage);
    const keyed = (name: string) => batchFor(name, [id], { idempotencyKey: 'order-1' });
    await storage.storeEvents(keyed('first'));
    await column(`delete from "${schema}".events`);
    const error = await t.throwsAsync<HookwellError>(storage.storeEvents(keyed('second')));
    t.is(error.code, 'storage_failed');
    t.regex(error.message, /key of event "second-e0".*not there/);
    await column(`delete from "${schema}".event_keys`);
    t.deepEqual(await storage.storeEvents(keyed('third')), keyed('third').events);
  },
);

test.serial('lines that go for their age do not count for how many an account may keep', async (t) => {
  const { storage } = await database.started();
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id, id, id, id, id]));
  const { claims } = await storage.claimDeliveries(claimRequest());
  const { now } = await storage.recordOutcomes([]);
  const outcomes = claims.map((claim, index) => outcomeOf(claim, { startedAt: now - (index === 4 ? 100_000 : 0) }));
  await storage.recordOutcomes(outcomes);
  const request = { deliveredAfterMs: 50_000, failedAfterMs: 50_000, maxAttemptsPerAccount: 3, accounts: [], limit: 100 };
  for (let went = 1; went > 0;) went = (await storage.prune(request)).attempts;
  const { rows } = await storage.listAttempts('a', allRows);
  t.deepEqual(
    rows.map(({ deliveryId }) => deliveryId),
    claims.slice(1, 4).map((claim) => claim.id),
  );
});

test.serial('a lock that is not given in time, as the host has set, makes a call busy and leaves nothing behind', async (t) => {
  const started = await database.started({ pool: database.pool({ lock_timeout: 50 }) });
  const { storage, column, schema } = started;
  const { id } = await subscribe(storage);
  const unlock = await lockDeliveries(started);
  await busyWith('55P03', async () => storage.storeEvents(batchFor('x', [id])));
  await unlock();
  t.deepEqual(await column(`select id from "${schema}".events`), []);
  await storage.storeEvents(batchFor('x', [id]));
  t.deepEqual(await column(`select id from "${schema}".events`), ['x-e0']);
});

test.serial('a statement that takes too long, as the host has set, makes a call busy and leaves nothing behind', async (t) => {
  const started = await database.started({ pool: database.pool({ statement_timeout: 500 }) });
  const { storage, column, schema } = started;
  const { id } = await subscribe(storage);
  const unlock = await lockDeliveries(started);
  await busyWith('57014', async () => storage.storeEvents(batchFor('x', [id])));
  await unlock();
  t.deepEqual(await column(`select id from "${schema}".events`), []);
});

test.serial('a connection that is cut in the middle of a call makes it busy, and the next call has another one', async (t) => {
  const started = await database.started({ pool: database.pool({ max: 1 }) });
  const { storage, pool } = started;
  const { id } = await subscribe(storage);
  for (const call of [
    async (): Promise<unknown> => storage.storeEvents(batchFor('x', [id])),
    async (): Promise<unknown> => storage.claimDeliveries(claimRequest()),
  ]) {
    const unlock = await lockDeliveries(started);
    const busy = busyWith('57P01', call);
    await pool.query('select pg_terminate_backend($1)', [await waitForLock(pool)]);
    await busy;
    await unlock();
    await call();
  }
  t.is((await storage.listDeliveries('a', allRows)).total, 1);
});

test.serial(
  'a connection that is cut in the middle of a transaction makes the call busy, and does not end the process',
  async (t) => {
    const started = await database.started({ pool: database.pool({ max: 1 }) });
    const { storage, pool, schema } = started;
    const client = await pool.connect();
    await client.query(`begin; lock table "${schema}".attempts in access exclusive mode`);
    const request = { deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 1 };
    const busy = busyWith('57P01', async () => storage.prune(request));
    await pool.query('select pg_terminate_backend($1)', [await waitForLock(pool)]);
    await busy;
    await client.query('rollback');
    client.release();
    t.deepEqual(await storage.prune(request), { attempts: 0, events: 0, subscriptions: 0 });
  },
);

test.serial('too many connections, a server that cannot be reached and a pool without a free connection are busy', async (t) => {
  const pool = database.pool();
  await pool.query('create role hookwell_crowded connection limit 0 login');
  const crowdedUrl = new URL(database.url);
  crowdedUrl.username = 'hookwell_crowded';
  await busyWith('53300', async () =>
    postgresStorage({ pool: database.pool({ connectionString: crowdedUrl.href }) }).start({ now: Date.now }),
  );
  await pool.query('drop role hookwell_crowded');
  await busyWith('ECONNREFUSED', async () =>
    postgresStorage({ pool: database.pool({ connectionString: 'postgres://postgres@127.0.0.1:1/test' }) }).start({
      now: Date.now,
    }),
  );
  const everyAddress = new AggregateError([Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })]);
  const nowhere = {
    query: async () => Promise.reject(everyAddress),
    connect: (callback: (error: Error, client: undefined) => void) => callback(everyAddress, undefined),
  };
  const refused = await t.throwsAsync<HookwellError>(postgresStorage({ pool: nowhere }).start({ now: Date.now }));
  t.is(refused.code, 'storage_busy');
  t.regex(refused.message, /connect ECONNREFUSED ::1:1/);
  const crowded = database.pool({ max: 1, connectionTimeoutMillis: 500 });
  const { storage } = await database.started({ pool: crowded });
  const client = await crowded.connect();
  const error = await t.throwsAsync<HookwellError>(storage.nextDueInMs());
  t.is(error.code, 'storage_busy');
  client.release();
  t.is(await storage.nextDueInMs(), null);
});

test.serial('what does not pass by itself is told with its cause and a way out', async (t) => {
  const pool = database.pool();
  const { storage, schema } = await database.started({ pool });
  await pool.query(`drop table "${schema}".subscriptions`);
  const gone = await t.throwsAsync<HookwellError>(storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]));
  t.is(gone.code, 'storage_failed');
  t.regex(gone.message, /subscriptions" does not exist \(42P01\)/);
  t.is((gone.cause as { code?: string }).code, '42P01');
  await pool.end();
  const ended = await t.throwsAsync<HookwellError>(storage.nextDueInMs());
  t.is(ended.code, 'storage_failed');
});

test.serial('texts are kept as they are, whatever is in them that an array, a line or JSON could take for its own', async (t) => {
  const { storage } = await database.started();
  const hostile = [
    '{}',
    '","',
    '\\',
    '\\"',
    "'",
    'null',
    '',
    '  ',
    'a,b',
    '\n',
    '\r\n\t',
    '\\n',
    '\u2028',
    '\u{1F600}',
    '$1',
    '[]},"rest":{',
  ];
  const { id: lane } = await subscribe(storage, { accountId: hostile.join('') });
  const batch = batchFor(
    'all',
    hostile.map(() => lane),
  );
  const events = batch.events.map((event, index) => {
    const text = hostile[index] as string;
    const record = { id: index, [text]: text, again: null };
    return { ...event, id: `e${text}`, accountId: hostile.join(''), record, metadata: { [`name ${text}`]: text } };
  });
  const deliveries = batch.deliveries.map((delivery, index) => {
    const text = hostile[index] as string;
    return { ...delivery, id: `d${text}`, accountId: hostile.join(''), eventId: `e${text}` };
  });
  const fence = hostile.join('');
  t.deepEqual(await storage.storeEvents({ ...batch, events, deliveries }), events);
  const answer = await storage.claimDeliveries(claimRequest({ fence }));
  const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);
  t.deepEqual(answer.events.toSorted(byId), events.toSorted(byId));
  t.deepEqual(
    answer.claims.map(({ id, accountId, eventId }) => ({ id, accountId, eventId })).toSorted(byId),
    deliveries.map(({ id, accountId, eventId }) => ({ id, accountId, eventId })).toSorted(byId),
  );
  const outcomes = answer.claims.map((claim) => outcomeOf(claim, { reason: claim.id, answer: claim.eventId }));
  t.true((await storage.recordOutcomes(outcomes)).written.every(Boolean));
  const { rows } = await storage.listAttempts(fence, {
    where: null,
    sort: { field: 'id', direction: 'asc' },
    offset: 0,
    limit: 100,
  });
  t.deepEqual(
    rows.map(({ deliveryId, eventId, reason, answer: said }) => [deliveryId, eventId, reason, said]),
    answer.claims.map(({ id, eventId }) => [id, eventId, id, eventId]),
  );
});

/** A pool whose answers can be lost: what was asked for is done, and the connection breaks before the answer is there. */
function losing(pool: Pool): PostgresPool & { lose: RegExp | null } {
  const lossy = {
    /** Of which statement the next answer is to be lost. */
    lose: null as RegExp | null,
    connect: (callback: Parameters<PostgresPool['connect']>[0]) => pool.connect(callback),
    async query(query: Parameters<PostgresPool['query']>[0]) {
      const result = await pool.query({ ...query, values: [...query.values] });
      if (!lossy.lose?.test(query.text)) return result;
      lossy.lose = null;
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    },
  };
  return lossy;
}

test.serial(
  'a batch that is stored again, because the answer was lost, is answered as stored and is not there twice',
  async (t) => {
    const pool = losing(database.pool());
    const { storage, column, schema } = await database.started({ pool });
    const { id } = await subscribe(storage);
    const [earlier] = await storage.storeEvents(batchFor('earlier', [id], { idempotencyKey: 'order-1' }));
    const plain = batchFor('plain', [id, id]);
    const keyed = batchFor('keyed', [id], { idempotencyKey: 'order-2' });
    const used = batchFor('used', [id], { idempotencyKey: 'order-1' });
    const events = [...plain.events, ...keyed.events, ...used.events];
    const batch = { ...plain, events, deliveries: [plain, keyed, used].flatMap(({ deliveries }) => deliveries) };
    pool.lose = /(?:)/;
    await busyWith('ECONNRESET', async () => storage.storeEvents(batch));
    const { claims } = await storage.claimDeliveries(claimRequest());
    t.deepEqual(claims.map((claim) => claim.id).toSorted(), ['earlier-d0', 'keyed-d0', 'plain-d0', 'plain-d1']);
    await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
    const answers = await storage.storeEvents(batch);
    t.deepEqual(answers, [...plain.events, ...keyed.events, earlier]);
    t.deepEqual(await column(`select id from "${schema}".deliveries`), []);
    t.deepEqual((await column(`select id from "${schema}".events order by id`)) as string[], [
      'earlier-e0',
      'keyed-e0',
      'plain-e0',
      'plain-e1',
    ]);
  },
);

test.serial('a batch whose answers are lost again and again is busy, and never said to be refused', async (t) => {
  const pool = losing(database.pool());
  const { storage } = await database.started({ pool });
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id]);
  pool.lose = /(?:)/;
  await busyWith('ECONNRESET', async () => storage.storeEvents(batch));
  // Now the batch is there already, and the question whether it is gets no answer.
  pool.lose = /(?:)/;
  await busyWith('ECONNRESET', async () => storage.storeEvents(batch));
  t.deepEqual(await storage.storeEvents(batch), batch.events);
});

test.serial('a client that breaks in the turn in which the pool lends it is not used again, and ends no process', async (t) => {
  const pool = database.pool();
  const breaking: PostgresPool = {
    query: async (query) => pool.query({ ...query, values: [...query.values] }),
    connect: (callback) =>
      pool.connect((error, client) => {
        callback(error, client);
        client?.emit('error', new Error('terminating connection due to administrator command'));
      }),
  };
  const { storage } = await database.started({ pool: breaking });
  t.false(await storage.replayDelivery('a', 'nothing'));
  t.is(pool.totalCount, 0);
});

test.serial('a subscription that is made again, because the answer was lost, is not there twice', async (t) => {
  const pool = losing(database.pool());
  const { storage } = await database.started({ pool });
  const wish = exampleSubscription();
  const first = await storage.createSubscription(wish);
  for (const lost of [/nextval/, /insert into/]) {
    pool.lose = lost;
    await busyWith('ECONNRESET', async () => storage.createSubscription(wish));
    await storage.createSubscription(wish);
  }
  const { rows } = await storage.listSubscriptions('a', allRows);
  t.is(rows.length, 3, 'one for each call that was answered');
  t.is(rows[0]?.id, first.id);
});

test.serial('outcomes that are recorded again, because the answer was lost, do no harm', async (t) => {
  const pool = losing(database.pool());
  const { storage } = await database.started({ pool });
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id, id]));
  const { claims } = await storage.claimDeliveries(claimRequest());
  const outcomes = claims.map((claim, index) =>
    outcomeOf(claim, index === 0 ? {} : { outcome: 'retry', retryInMs: 0, endpoint: 'failed', countsAgainstDelivery: true }),
  );
  pool.lose = /(?:)/;
  await busyWith('ECONNRESET', async () => storage.recordOutcomes(outcomes));
  const again = await storage.recordOutcomes(outcomes);
  t.deepEqual(again.written, [true, true]);
  t.deepEqual(
    again.subscriptions.map(({ consecutiveFailures }) => consecutiveFailures),
    [1],
  );
  t.is((await storage.listAttempts('a', allRows)).total, 2);
  const { rows } = await storage.listSubscriptions('a', allRows);
  t.is(rows[0]?.consecutiveFailures, 1);
  const { claims: retried } = await storage.claimDeliveries(claimRequest());
  t.deepEqual(
    retried.map(({ attempts, failures }) => ({ attempts, failures })),
    [{ attempts: 1, failures: 1 }],
  );
});

test.serial('connections that were cut while nobody used them are replaced', async (t) => {
  const pool = database.pool({ application_name: 'cut' });
  const { storage, column } = await database.started({ pool });
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id]));
  const removed = new Promise((resolve) => pool.once('remove', resolve));
  await column("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut'");
  await removed;
  t.is((await storage.listDeliveries('a', allRows)).total, 1);
});
