import { memoryStorage } from '@hookwell/adapters/memory';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../adapters/test/postgres-fixture.ts';
import { rolesFor } from '../../adapters/test/postgres-roles.ts';
import type { StorageAdapter } from '@hookwell/core';
import { cells, type Cell, type Ids } from './isolation-cells.ts';
import { listen, sessionOf, startManaged, subscribed, tagged, type ManagedHost } from './manage-host.ts';
import type { Answer } from './host.ts';

const database = await testDatabase();
const schemas = { open: 0 };
test.after.always(async () => database.remove());

/** Storages by name, each empty. */
const storages: Readonly<Record<string, () => Promise<StorageAdapter>>> = {
  memory: async () => memoryStorage(),
  sqlite: async () => sqliteStorage({ filename: ':memory:' }),
  postgres: async () => postgres(false),
  'postgres under row-level security': async () => postgres(true),
};

async function postgres(secure: boolean): Promise<StorageAdapter> {
  schemas.open += 1;
  const schema = `matrix_${schemas.open}`;
  const { owners: pool, account: role, accounts } = await rolesFor(database, schema);
  return postgresStorage({ pool, schema, ...(secure ? { rowLevelSecurity: { role, pool: accounts } } : {}) });
}

const accounts = ['1', '2'] as const;
type Account = (typeof accounts)[number];

/** Subscriptions of somebody else, so that no id below can be taken for another number in an answer. */
const others = 76;

/** Nothing of these is anybody's. Each has as many characters as an id that is, so that answers are as long. */
const missing: Ids = {
  subscription: '99',
  delivery: '0199b0b4-2f00-7000-8000-00000000ffff',
  event: '0199b0b4-2f00-7000-8000-00000000dddd',
  attempt: '99',
  replay: '0199b0b4-2f00-7000-8000-00000000eeee',
  bin: '0123456789abcdef0123456789abcdef',
  request: '1',
};

const malformed = [
  '',
  '0',
  '-1',
  '1.5',
  '1e0',
  ' 1',
  '0x1',
  '9007199254740993',
  '99999999999999999999',
  'null',
  '1,2',
  '[object Object]',
  "1' or '1'='1",
  '../subscriptions/2',
  '\0',
  '%32',
  '2'.repeat(500),
];

interface Matrix {
  readonly host: ManagedHost;
  readonly ids: Readonly<Record<Account, Ids>>;
  /** Gives an account one more of everything. */
  readonly make: (account: Account) => Promise<Ids>;
}

/** Two accounts, each with a subscription, a line of the log, a delivery that waits, and a bin that has kept a request. */
async function matrix(t: ExecutionContext, storage: string): Promise<Matrix> {
  const host = await startManaged(t, {
    options: {
      console: { authenticate: sessionOf },
      bins: { enabled: true, perAccount: 1_000, inAll: 10_000 },
      rateLimit: { limit: 100_000, sessionLimit: 100_000 },
      secrets: { rotate: async () => ({ secret: 'whsec_secret' }), secretsOf: () => ['whsec_secret'] },
    },
    engine: { storage: await storages[storage]!() },
  });

  for (let count = 0; count < others; count += 1) await subscribed(host, {}, 'app-acme');
  await tagged(host, 'acme');
  await host.engine.deliverDue();

  async function make(account: Account): Promise<Ids> {
    const as = `app-${account}`;
    const subscription = (await subscribed(host, { url: `https://example.com/of-${as}` }, as)).id;
    await tagged(host, account, 8, `Mary-of-${as}`);
    await host.engine.deliverDue();
    await host.engine.subscriptions.pause(account, subscription);
    await tagged(host, account, 9, `Joan-of-${as}`);
    // An account may have ten that run.
    const { rows: earlier } = await host.engine.replays.list(account);
    for (const { id, state } of earlier) if (state === 'running') await host.engine.replays.cancel(account, id);
    const replay = await host.engine.replays.create(account, { missing: true });
    const deliveries = await host.engine.deliveries.list(account, { sort: { field: 'id', direction: 'desc' } });
    const attempts = await host.engine.deliveries.attempts(account);
    const session = { as: null, headers: { Cookie: `session=${account}` } };
    const bin = (JSON.parse((await host.call('POST', '/bins/api', session)).text) as { readonly id: string }).id;
    await host.call('POST', `/in/${bin}`, { as: null, body: `sent-to-a-bin-of-${as}` });
    return {
      subscription: String(subscription),
      delivery: String(deliveries.rows[0]?.id),
      event: String(deliveries.rows[0]?.eventId),
      attempt: String(attempts.rows[0]?.id),
      replay: replay.id,
      bin,
      request: '1',
    };
  }

  return { host, make, ids: { 1: await make('1'), 2: await make('2') } };
}

/** What a client sees of an answer, but for the id that it has sent itself and what differs from one call to the next. */
function seen({ status, headers, text }: Answer, ids: Ids): unknown {
  const { date: _date, 'x-rate-limit-remaining': _remaining, 'x-rate-limit-reset': _reset, ...rest } = headers;
  let hidden = text;
  for (const id of Object.values(ids).filter(({ length }) => length > 1))
    hidden = hidden.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), 'ID');
  return { status, headers: rest, text: hidden };
}

/** All that an account has, whoever looks. */
async function contents({ engine, call }: ManagedHost, account: Account): Promise<unknown> {
  const session = { as: null, headers: { Cookie: `session=${account}` } };
  return {
    subscriptions: (await engine.subscriptions.list(account, { which: 'all' })).rows,
    deliveries: (await engine.deliveries.list(account)).rows,
    attempts: (await engine.deliveries.attempts(account)).rows,
    replays: (await engine.replays.list(account)).rows,
    bins: (await call('GET', '/bins/api', session)).text,
  };
}

const other = (account: Account): Account => (account === '1' ? '2' : '1');

for (const storage of Object.keys(storages)) {
  test(`${storage}: on every route, by every verb, what is another account's is as good as missing`, async (t) => {
    const { host, ids } = await matrix(t, storage);
    for (const account of accounts) {
      const owner = other(account);
      const before = await contents(host, owner);
      const sentBefore = host.sent.length;
      const foreign = cells(ids[owner], account);
      const none = cells(missing, account);
      let compared = 0;
      for (const [index, cell] of foreign.entries()) {
        if (endless(cell)) continue;
        const answer = await host.call(cell.method, cell.path, cell.wish);
        const nothing = none[index] as Cell;
        t.is(nothing.name, cell.name);
        const answered = await host.call(nothing.method, nothing.path, nothing.wish);
        // What an account makes, it makes anew each time.
        if (answer.status === 201) continue;
        t.deepEqual(seen(answer, ids[owner]), seen(answered, missing), `account ${account}: ${cell.name}`);
        t.notRegex(answer.text, new RegExp(`of-app-${owner}`), `account ${account}: ${cell.name}`);
        t.true(answer.status < 500, `account ${account}: ${cell.name}: ${answer.status} ${answer.text}`);
        compared += 1;
      }
      t.true(compared > 300, `${compared} cells`);
      t.deepEqual(await contents(host, owner), before, 'and nothing of it has changed');
      t.is(host.sent.length, sentBefore, 'nor was anything sent');
    }
    t.deepEqual(host.errors, []);
  });

  test(`${storage}: wherever what is another account's is missing, what is its own is there`, async (t) => {
    const { host, ids, make } = await matrix(t, storage);
    let found = 0;
    for (const [index, cell] of cells(ids[2], '1').entries()) {
      if (cell.streams || (await host.call(cell.method, cell.path, cell.wish)).status !== 404) continue;
      const own = cells(await make('1'), '1')[index] as Cell;
      t.is(own.name, cell.name);
      const answer = await host.call(own.method, own.path, own.wish);
      t.not(answer.status, 404, `${own.name}: ${answer.text}`);
      t.true(answer.status < 500, `${own.name}: ${answer.text}`);
      found += 1;
    }
    t.true(found > 30, `${found} cells`);
  });
}

test('on every route, by every verb, what is no id is refused and finds nothing of others', async (t) => {
  const { host, ids } = await matrix(t, 'sqlite');
  const before = await contents(host, '2');
  for (const text of malformed) {
    const wrong: Ids = { subscription: text, delivery: text, event: text, attempt: text, replay: text, bin: text, request: text };
    for (const cell of cells(wrong, '1')) {
      if (!takesId(cell)) continue;
      const answer = await host.call(cell.method, cell.path, cell.wish);
      const what = `${cell.name} with ${JSON.stringify(text.slice(0, 30))}: ${answer.status} ${answer.text}`;
      t.true(answer.status < 500, what);
      t.notRegex(answer.text, /of-app-2/, what);
      if (text !== '') t.true(answer.status >= 400, what);
    }
  }
  t.deepEqual(await contents(host, '2'), before);
  t.deepEqual(host.errors, []);
  t.is((await host.api('GET', `/subscriptions/${ids[1].subscription}`)).status, 200, 'what is its own is still there');
});

test('who listens hears of what is their own, and of nothing else', async (t) => {
  const { host, make } = await matrix(t, 'memory');
  const heard = await listen(t, host, { Cookie: 'session=1', 'Sec-Fetch-Site': 'same-origin' });
  t.is(heard.status, 200);
  const theirs = await make('2');
  const mine = await make('1');
  const change = JSON.stringify(await heard.next());
  t.regex(change, new RegExp(`\\b${mine.subscription}\\b`));
  t.notRegex(change, new RegExp(`\\b${theirs.subscription}\\b|${theirs.delivery}`));
});

/** An account may listen to itself, for which there is a test of its own; what names something of others must end. */
function endless({ streams, path }: Cell): boolean {
  return streams && path === '/manage/live';
}

/** Whether a request names something that must be there: those that list, make or describe take none, or pass it over. */
function takesId({ name }: Cell): boolean {
  return /\{|(?:\/Webhook|\/WebhookLog|\/unsubscribe) by (?:id|form|json)$/.test(name);
}
