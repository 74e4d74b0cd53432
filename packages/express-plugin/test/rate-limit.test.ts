import { HookwellError } from '@hookwell/core';
import test from 'ava';
import { keysOf, startHost, type Answer, type Host } from './host.ts';
import type { Authenticate, RateLimitStore } from '../src/index.ts';

function left({ headers }: Answer): readonly [limit: unknown, remaining: unknown, reset: unknown] {
  return [headers['x-rate-limit-limit'], headers['x-rate-limit-remaining'], headers['x-rate-limit-reset']];
}

async function times(count: number, call: () => Promise<Answer>): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await call()).status);
  return statuses;
}

const ask = (host: Host, as: string) => async () => host.call('GET', '/Webhooks/meta', { as });
const guess =
  (host: Host, apiKey = 'guessed') =>
  async () =>
    host.call('GET', '/Webhooks/meta', { headers: { ...keysOf('app-1'), 'Api-Key': apiKey } });

test('an account makes 180 requests in a minute; the next is 429, with its headers and text', async (t) => {
  const host = await startHost(t);
  for (let n = 179; n >= 0; n -= 1) {
    const answer = await ask(host, 'app-1')();
    t.is(answer.status, 200);
    t.deepEqual(left(answer), ['180', String(n), '60']);
  }
  const refused = await ask(host, 'app-1')();
  t.is(refused.status, 429);
  t.is(refused.text, 'Too many requests: 180 are taken in 1 minute. Try again in 1 minute.');
  t.deepEqual(left(refused), ['180', '0', '60']);
  t.like(refused.headers, { 'content-type': 'text/html;charset=UTF-8', 'retry-after': '60' });
  t.is((await ask(host, 'app-2')()).status, 200, 'another account has its own');
});

test('who sleeps exactly as long as told and retries once is let in', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 3 } } });
  await ask(host, 'app-1')();
  host.move(1);
  await ask(host, 'app-1')();
  host.move(20_500);
  const last = await ask(host, 'app-1')();
  t.deepEqual(left(last), ['3', '0', '40']);
  for (let retry = 0; retry < 10; retry += 1) {
    const refused = await ask(host, 'app-1')();
    t.is(refused.status, 429);
    t.is(refused.headers['retry-after'], String(refused.headers['x-rate-limit-reset']));
    host.move(Number(refused.headers['x-rate-limit-reset']) * 1_000);
    t.is((await ask(host, 'app-1')()).status, 200);
    while ((await ask(host, 'app-1')()).status === 200);
    host.move(137);
  }
});

test('the users of one account share its budget', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 2 } } });
  t.deepEqual(await times(1, ask(host, 'app-2')), [200]);
  t.deepEqual(await times(2, ask(host, 'app-2-reader')), [200, 429]);
});

test('every answer counts and carries the headers: errors, and methods that are not there', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 5 } } });
  const answers = [
    await host.call('GET', '/Webhook?id=x'),
    await host.call('GET', '/Webhook?id=1'),
    await host.call('PUT', '/Webhooks'),
    await host.call('POST', '/Webhook/subscribe', { json: [] }),
    await host.call('HEAD', '/Webhooks'),
    await host.call('GET', '/Webhooks'),
  ];
  t.deepEqual(
    answers.map(({ status }) => status),
    [400, 404, 405, 400, 200, 429],
  );
  t.deepEqual(
    answers.map(left),
    [4, 3, 2, 1, 0, 0].map((n) => ['5', String(n), '60']),
  );
});

test('keys can be guessed no faster than the limit, not even the right one at the end', async (t) => {
  let asked = 0;
  const host = await startHost(t, {
    options: {
      rateLimit: { limit: 4 },
      authenticate: ({ apiKey }) => {
        asked += 1;
        return apiKey === 'key-1' ? { accountId: 1 } : null;
      },
    },
  });
  t.deepEqual(await times(6, guess(host)), [401, 401, 401, 401, 429, 429]);
  t.is((await guess(host, 'key-1')()).status, 429);
  t.deepEqual(left(await host.call('GET', '/Webhooks', { as: null })), ['4', '0', '60']);
  t.is(asked, 4, 'over the limit nobody is asked any more');
  host.move(60_000);
  t.is((await guess(host, 'key-1')()).status, 200);
});

test('guesses that are made all at once are no way around it', async (t) => {
  const waiting: (() => void)[] = [];
  const host = await startHost(t, {
    options: {
      rateLimit: { limit: 4 },
      authenticate: async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return null;
      },
    },
  });
  const guesses = Array.from({ length: 10 }, async (_, n) => guess(host, `guess ${n}`)());
  const statuses: number[] = [];
  for (const one of guesses) void one.then(({ status }) => statuses.push(status));
  while (statuses.length < 6) await new Promise(setImmediate);
  t.deepEqual(statuses, [429, 429, 429, 429, 429, 429]);
  t.is(waiting.length, 4);
  for (const go of waiting) go();
  await Promise.all(guesses);
});

test('a stranger takes nothing from an account, and holds up no keys that were right before', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 4 } } });
  t.deepEqual(left(await ask(host, 'app-1')()), ['4', '3', '60']);
  t.deepEqual(await times(6, guess(host)), [401, 401, 401, 401, 429, 429]);
  t.deepEqual(left(await ask(host, 'app-1')()), ['4', '2', '60']);
  t.is((await ask(host, 'app-2')()).status, 429, 'keys that this address has not shown yet must wait');
  host.move(60_000);
  t.is((await ask(host, 'app-2')()).status, 200);
});

test('right keys cost nothing of what an address may guess', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 2 } } });
  for (const as of ['app-1', 'app-2', 'app-2-reader', 'app-acme']) await ask(host, as)();
  t.deepEqual(await times(3, guess(host)), [401, 401, 429]);
});

test('keys that were right and are no longer count as guesses from then on', async (t) => {
  let valid = true;
  let asked = 0;
  const host = await startHost(t, {
    options: {
      rateLimit: { limit: 2 },
      authenticate: () => {
        asked += 1;
        return valid ? { accountId: 1 } : null;
      },
    },
  });
  t.is((await ask(host, 'app-1')()).status, 200);
  valid = false;
  const answer = await ask(host, 'app-1')();
  t.deepEqual([answer.status, ...left(answer)], [401, '2', '1', '60']);
  t.deepEqual(await times(3, ask(host, 'app-1')), [401, 429, 429]);
  t.is(asked, 3, 'over the limit nobody is asked any more');
});

test('addresses are counted apart, as the host’s proxy settings have them', async (t) => {
  const host = await startHost(t, {
    options: { rateLimit: { limit: 1 } },
    parsers: () => [
      (request, _response, next) => {
        request.app.set('trust proxy', 1);
        next();
      },
    ],
  });
  const from = async (address: string): Promise<number> =>
    (await host.call('GET', '/Webhooks', { as: null, headers: { 'X-Forwarded-For': address } })).status;
  t.is(await from('192.0.2.1'), 401);
  t.is(await from('192.0.2.1'), 429);
  t.is(await from('192.0.2.2'), 401);
  t.is(await from('2001:db8::1'), 401);
  t.is(await from('2001:db8::2'), 429, 'one client has a whole /64 network');
});

test('an authenticate that throws is 500 and not 401, with the headers, and is reported', async (t) => {
  const broken = new Error('no connection to the database of users');
  let throws = true;
  const host = await startHost(t, {
    options: {
      authenticate: () => {
        if (throws) throw broken;
        return { accountId: 1 };
      },
    },
  });
  const answer = await ask(host, 'app-1')();
  t.deepEqual([answer.status, answer.text], [500, 'Something went wrong here, not in your request. Try again later.']);
  t.deepEqual(left(answer), ['180', '179', '60']);
  throws = false;
  t.is((await ask(host, 'app-1')()).status, 200);
  throws = true;
  const later = await ask(host, 'app-1')();
  t.is(later.status, 500);
  t.is(left(later)[0], '180', 'for keys that were right before too');
  t.deepEqual(
    host.errors.map(({ cause }) => cause),
    [broken, broken],
  );
  t.is(host.errors[0]?.message, `webhooks could not tell whose request this is: ${broken.message}`);
});

test('an authenticate that rejects or answers nonsense is 500, and what is wrong with it is reported', async (t) => {
  const reject = (error: Error) => async () => {
    throw error;
  };
  const answers: readonly (() => unknown)[] = [
    reject(new Error('rejected')),
    reject(new HookwellError('not_found', 'rejected')),
    reject(new HookwellError('storage_busy', 'rejected')),
    () => ({}),
    () => ({ accountId: '' }),
    () => ({ accountId: 1.5 }),
    () => ({ accountId: null }),
    () => ({ accountId: 1, owner: {} }),
    () => ({ accountId: 1, permissions: 'read' }),
    () => ({ accountId: 1, permissions: ['write'] }),
    () => true,
  ];
  for (const given of answers) {
    const host = await startHost(t, { options: { authenticate: given as Authenticate } });
    t.is((await ask(host, 'app-1')()).status, 500);
    t.is(host.errors.length, 1);
    t.regex(host.errors[0]?.message ?? '', /: (?:rejected$|webhooks: authenticate answered (?:accountId|owner|permissions) )/);
  }
});

test('limit and window are options, and so is having none', async (t) => {
  const host = await startHost(t, { options: { rateLimit: { limit: 1, windowMs: 5_000 } } });
  t.deepEqual(left(await ask(host, 'app-1')()), ['1', '0', '5']);
  t.is((await ask(host, 'app-1')()).text, 'Too many requests: 1 are taken in 5 seconds. Try again in 5 seconds.');
  host.move(5_000);
  t.is((await ask(host, 'app-1')()).status, 200);

  const unlimited = await startHost(t, { options: { rateLimit: { enabled: false } } });
  t.deepEqual(new Set(await times(200, ask(unlimited, 'app-1'))), new Set([200]));
  t.deepEqual(left(await ask(unlimited, 'app-1')()), [undefined, undefined, undefined]);
  t.deepEqual(new Set(await times(200, guess(unlimited))), new Set([401]));
});

test('a store is asked with one key for each account and each client, and its word counts', async (t) => {
  const asked: string[] = [];
  const store: RateLimitStore = {
    take: async (key, { limit, windowMs }) => {
      asked.push(`take ${key} ${limit} ${windowMs}`);
      return { counted: !key.includes('account:2'), remaining: 7, resetMs: 1_001 };
    },
    async giveBack(key) {
      asked.push(`give back ${key}`);
    },
  };
  const host = await startHost(t, { options: { rateLimit: { store, limit: 9, windowMs: 2_000 } } });
  const first = await ask(host, 'app-1')();
  t.deepEqual([first.status, ...left(first)], [200, '9', '7', '2']);
  t.is((await ask(host, 'app-1')()).status, 200);
  t.is((await ask(host, 'app-2')()).status, 429);
  t.deepEqual(asked, [
    'take client:127.0.0.1 9 2000',
    'give back client:127.0.0.1',
    'take account:1 9 2000',
    'take account:1 9 2000',
    'take client:127.0.0.1 9 2000',
    'give back client:127.0.0.1',
    'take account:2 9 2000',
  ]);
});

test('a store that fails is 500 and reported: without a limit nothing is served', async (t) => {
  const broken = new Error('the store is gone');
  const host = await startHost(t, {
    options: {
      rateLimit: {
        store: {
          async take() {
            throw broken;
          },
          giveBack() {},
        },
      },
    },
  });
  t.is((await ask(host, 'app-1')()).status, 500);
  t.deepEqual(
    host.errors.map(({ cause }) => cause),
    [broken],
  );
});
