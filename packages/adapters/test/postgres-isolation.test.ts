import type { HookwellError, StorageAdapter, StoreBatch } from '@hookwell/core';
import test from 'ava';
import { postgresStorage, type PostgresStorageOptionsInput } from '../src/postgres/index.ts';
import { testDatabase } from './postgres-fixture.ts';
import { rewritingPool, withoutAccount } from './postgres-rewriting.ts';
import { rolesFor } from './postgres-roles.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
const schema = 'isolated';
const roles = await rolesFor(database, schema);

const { owners, accounts, account: role } = roles;
const allRows = { where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 100 } as const;
/** Sees everything, as the engine does. */
const sound = await started();
test.after.always(async () => database.remove());

/** Starts a storage whose statements are rewritten once it has been started. */
async function started(
  rewrite: (text: string) => string = (text) => text,
  rowLevelSecurity?: PostgresStorageOptionsInput['rowLevelSecurity'],
): Promise<StorageAdapter> {
  let rewriteNow = (text: string): string => text;
  const own = rowLevelSecurity?.pool ? { pool: rewritingPool(accounts, (text) => rewriteNow(text)) } : {};
  const storage = postgresStorage({
    pool: rewritingPool(owners, (text) => rewriteNow(text)),
    schema,
    ...(rowLevelSecurity ? { rowLevelSecurity: { role, ...own } } : {}),
  });
  await storage.start({ now: Date.now });
  rewriteNow = rewrite;
  return storage;
}

/** What an account has. */
interface Own {
  readonly account: string;
  readonly subscription: number;
  readonly finished: string;
  readonly waiting: string;
  readonly event: string;
  readonly key: string;
}

/** A batch of an account's. */
function batchOf(accountId: string, name: string, lanes: readonly number[]): StoreBatch {
  const batch = batchFor(name, lanes, { accountId });
  return { ...batch, deliveries: batch.deliveries.map((delivery) => Object.assign(delivery, { accountId })) };
}

let made = 0;

/** Gives a new account a subscription, a finished delivery, one that waits, and a key. */
async function give(): Promise<Own> {
  made += 1;
  const account = `account ${made}`;
  const { id: subscription } = await subscribe(sound, { accountId: account, url: `https://example.com/${made}` });
  await sound.storeEvents(batchOf(account, `of-${made}`, [subscription, subscription]));
  const { claims } = await sound.claimDeliveries(claimRequest({ perLane: 0, lanes: new Map([[subscription, 1]]) }));
  await sound.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
  const key = `key-${made}`;
  const { digest, name } = { digest: 'digest', name: 'Mary' };
  await sound.createKeys([
    { id: key, accountId: account, appId: 'app', digest, last4: '1234', name, owner: '7', permissions: ['read'] },
  ]);
  const [finished, waiting] = [`of-${made}-d0`, `of-${made}-d1`];
  return { account, subscription, finished, waiting, event: `of-${made}-e0`, key };
}

/** All that there is of an account, and of its deliveries under whatever name. */
async function contents({ account, waiting, finished }: Own): Promise<unknown> {
  const { rows } = await database.behind.query<{ readonly rows: unknown }>(
    ['subscriptions', 'events', 'event_keys', 'attempts', 'keys', 'deliveries']
      .map((table) => {
        const its =
          table === 'deliveries' || table === 'attempts' ? ` or ${table === 'deliveries' ? 'id' : 'delivery_id'} = any ($2)` : '';
        return `select json_agg(t order by t::text) as rows from "${schema}".${table} t where account_id = $1${its}${its === '' ? ' and $2::text[] is not null' : ''}`;
      })
      .join(' union all '),
    [account, [waiting, finished]],
  );
  return rows.map((row) => row.rows);
}

/** Every call of the port that begins with an account, by an account that names what is another's. */
const calls: Readonly<
  Partial<Record<keyof StorageAdapter, (storage: StorageAdapter, mine: string, theirs: Own) => Promise<unknown>>>
> = {
  listSubscriptions: async (storage, mine) => storage.listSubscriptions(mine, { ...allRows, which: 'all' }),
  updateSubscription: async (storage, mine, { subscription }) =>
    storage.updateSubscription(mine, subscription, { url: 'https://example.com/changed' }),
  endSubscription: async (storage, mine, { subscription }) => storage.endSubscription(mine, subscription, 'ended'),
  listDeliveries: async (storage, mine) => storage.listDeliveries(mine, allRows),
  countDeliveries: async (storage, mine) => storage.countDeliveries(mine, 100),
  listAttempts: async (storage, mine) => storage.listAttempts(mine, allRows),
  countAttempts: async (storage, mine) =>
    storage.countAttempts(mine, { from: 0, until: 4e12, everyMs: 4e12, subscriptionId: null }),
  findEvents: async (storage, mine, { event }) => storage.findEvents(mine, [event]),
  listEvents: async (storage, mine) => storage.listEvents(mine, { topic: null, after: '', limit: 100, looks: 100 }),
  replayDelivery: async (storage, mine, { finished }) => storage.replayDelivery(mine, finished),
  cancelDelivery: async (storage, mine, { waiting }) => storage.cancelDelivery(mine, waiting, 'cancelled'),
  listKeys: async (storage, mine) => storage.listKeys(mine),
  endKeys: async (storage, mine, { key }) => storage.endKeys(mine, [key], 0),
};

for (const [member, call] of Object.entries(calls)) {
  test.serial(
    `${member} that has lost its condition on the account is harmless under row-level security, and only there`,
    async (t) => {
      const mine = (await give()).account;
      const theirs = await give();
      const before = await contents(theirs);
      const expected = await call(sound, mine, theirs);
      t.deepEqual(await contents(theirs), before);

      for (const rowLevelSecurity of [{ role }, { role, pool: accounts }]) {
        const bound = await started(withoutAccount, rowLevelSecurity);
        t.deepEqual(await call(bound, mine, theirs), expected);
        t.deepEqual(await contents(theirs), before);
      }
      const unbound = await started(withoutAccount);
      t.notDeepEqual(
        [await call(unbound, mine, theirs), await contents(theirs)],
        [expected, before],
        'the condition is still there',
      );
    },
  );
}

test.serial('a row that is written under the name of another account is refused', async (t) => {
  const mine = (await give()).account;
  const theirs = (await give()).account;
  const forged = (text: string): string =>
    text.replace('select $10::bigint, $1::text', `select $10::bigint, coalesce('${theirs}', $1::text)`);
  const bound = await started(forged, { role });
  const error = await t.throwsAsync<HookwellError>(subscribe(bound, { accountId: mine }));
  t.regex(error.message, /violates row-level security policy/);
  const unbound = await started(forged);
  t.is((await subscribe(unbound, { accountId: mine })).accountId, theirs, 'nothing was forged');
});

/** Whether a statement that somebody has smuggled in finds rows of an account: it answers a word for each. */
const finds = (account: string): string =>
  `(select count(*) > 0 from ts_stat('select to_tsvector(''simple'', url) from "${schema}".subscriptions where account_id = ''${account}'''))`;
/** Makes a listing answer everything of the account if what is smuggled in is true, and nothing otherwise. */
const smuggled = (sql: string) => (text: string) =>
  text.replaceAll('account_id = $1', `(account_id = $1 and case when $1::text is not null then ${sql} end)`);

test.serial('SQL that is smuggled into the call of an account finds nothing of others', async (t) => {
  const mine = (await give()).account;
  const theirs = (await give()).account;
  const query = { ...allRows, which: 'all' } as const;
  const found = async (sql: string, rowLevelSecurity?: { role: string; pool?: typeof accounts }): Promise<number | string> => {
    const storage = await started(smuggled(sql), rowLevelSecurity);
    return storage.listSubscriptions(mine, query).then(
      ({ total }) => total,
      (error: Error) => error.message,
    );
  };
  const become = (setting: string, value: string): string =>
    `case when (select set_config('${setting}', '${value}', true)) is not null then ${finds(theirs)} end`;
  const forged = '0'.repeat(64) + Buffer.from(theirs).toString('hex');

  t.is(await found(finds(theirs)), 1, 'without row-level security');
  for (const rowLevelSecurity of [{ role }, { role, pool: accounts }]) {
    t.is(await found(finds(mine), rowLevelSecurity), 1);
    t.is(await found(finds(theirs), rowLevelSecurity), 0);
    t.regex(String(await found(become('hookwell.account', forged), rowLevelSecurity)), /does not carry the seal/);
    t.regex(String(await found(become('hookwell.account', ''), rowLevelSecurity)), /names none/);
    t.regex(String(await found(`(select secret <> '' from "${schema}".account_seal)`, rowLevelSecurity)), /permission denied/);
  }
  // Whoever may log in as the owner may become the owner again: a pool of its own is what stops that.
  t.is(await found(become('role', 'none'), { role }), 1);
  t.is(
    await found(become('role', 'none'), { role, pool: accounts }),
    0,
    'the login inherits the role, and so do the policies bind it',
  );
  t.regex(String(await found(become('role', roles.owner), { role, pool: accounts })), /permission denied to set role/);
  t.regex(
    String(await found(become('row_security', 'off'), { role, pool: accounts })),
    /would be affected by row-level security/,
  );
});

test.serial('the seal of an account stands in no statement, where others who are logged in could read it', async (t) => {
  const { account } = await give();
  const texts: string[] = [];
  const storage = await started(
    (text) => {
      texts.push(text);
      return text;
    },
    { role },
  );
  t.is((await storage.listKeys(account)).length, 1);
  t.true(texts.length >= 2);
  const { rows } = await database.behind.query<{ readonly secret: string }>(`select secret from "${schema}".account_seal`);
  for (const text of texts) {
    for (const secret of [rows[0]!.secret, account, Buffer.from(account).toString('hex')]) t.false(text.includes(secret), text);
  }
});

test.serial('accepting and delivering send what they send without it, and an account three statements more', async (t) => {
  const statementsOf = async (
    rowLevelSecurity?: PostgresStorageOptionsInput['rowLevelSecurity'],
  ): Promise<readonly string[][]> => {
    let texts: string[] = [];
    const storage = await started((text) => {
      texts.push(text);
      return text;
    }, rowLevelSecurity);
    const { account, subscription } = await give();
    await storage.findSubscriptions([{ accountId: account, topic: 'sub_tag(3)' }]);
    await storage.storeEvents(batchOf(account, `sent-${account}`, [subscription]));
    const { claims } = await storage.claimDeliveries(claimRequest({ perLane: 0, lanes: new Map([[subscription, 9]]) }));
    await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
    await storage.findKeys(['app']);
    await storage.nextDueInMs();
    const ofEngine = texts;
    texts = [];
    await storage.listKeys(account);
    return [ofEngine, texts];
  };
  const [engine, own] = await statementsOf();
  t.is(engine?.length, 6, engine?.join('\n\n'));
  t.is(own?.length, 1);
  const [engineBound, ownBound] = await statementsOf({ role });
  t.deepEqual(engineBound, engine);
  t.is(ownBound?.length, 4);
  t.deepEqual(ownBound?.[2], own?.[0]);
});

test.serial('partitions are closed to the role, those of later days too', async (t) => {
  const theirs = await give();
  await started(undefined, { role });
  await sound.prune({ deliveredAfterMs: 1e9, failedAfterMs: 1e9, maxAttemptsPerAccount: 100, accounts: [], limit: 10 });
  const { rows: partitions } = await database.behind.query<{ readonly name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent in ('${schema}.events'::regclass, '${schema}.attempts'::regclass)
      and inhrelid::regclass::text not like '%idx' order by 1`,
  );
  t.true(partitions.length >= 8);
  const client = await owners.connect();
  t.teardown(() => client.release(true));
  for (const table of [`"${schema}".events`, `"${schema}".attempts`]) {
    const { rows } = await client.query<{ readonly count: string }>(
      `select count(*) from ${table} where account_id = '${theirs.account}'`,
    );
    t.true(Number(rows[0]?.count) > 0);
    await client.query(`begin; set local role ${role}`);
    await t.throwsAsync(client.query(`select * from ${table}`), { message: /names none/ });
    await client.query('rollback');
  }
  for (const { name } of partitions) {
    await client.query(`begin; set local role ${role}`);
    await t.throwsAsync(client.query(`select * from ${name}`), { message: /permission denied/ });
    await client.query('rollback');
  }
});

test.serial("in a transaction of the host's, the role that it has is not bound, or else says so", async (t) => {
  await started(undefined, { role });
  const { account, subscription } = await give();
  const keys = [{ accountId: account, topic: 'sub_tag(3)' }];
  const rights = 'select, insert, update on all tables';
  for (const bound of [false, true]) {
    const host = await database.role(bound ? `nologin in role ${role}` : 'nologin');
    await database.behind.query(`grant usage on schema "${schema}" to ${host}; grant ${rights} in schema "${schema}" to ${host}`);
    const client = await database.behind.connect();
    t.teardown(() => client.release(true));
    await client.query(`begin; set local role ${host}`);
    const joined = await sound.join(client);
    if (bound) {
      await t.throwsAsync(joined.findSubscriptions(keys), { message: /names none.*with inherit false/ });
      continue;
    }
    t.is((await joined.findSubscriptions(keys)).length, 1);
    await joined.storeEvents(batchOf(account, 'joined', [subscription]));
    await client.query('commit');
    t.is((await sound.findEvents(account, ['joined-e0'])).length, 1);
  }
});
