import { randomBytes } from 'node:crypto';
import { memoryStorage } from '@hookwell/adapters/memory';
import { managedHeaders, managedSecrets, type HeadersInput, type StorageAdapter, type Subscription } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { mary, scriptedTransport, sqlite, startByHand, type Running, type ScriptedTransport } from './engine-fixture.ts';

const newKey = (id: string) => ({ id, key: randomBytes(32).toString('base64') });
const keys = [newKey('a')];
const auth = { type: 'bearer', token: 'tok_0123456789abcdefWXYZ' } as const;

interface Started extends Running {
  readonly headers: ReturnType<typeof managedHeaders>;
  readonly transport: ScriptedTransport;
  readonly subscribe: (accountId?: number) => Promise<Subscription>;
}

async function start(t: ExecutionContext, storage: StorageAdapter = memoryStorage(), given = keys): Promise<Started> {
  const headers = managedHeaders({ keys: given });
  const transport = scriptedTransport();
  const plugins = [headers, managedSecrets({ keys: given })];
  const running = await startByHand(t, storage, { transports: [transport], plugins });
  const subscribe: Started['subscribe'] = async (accountId = 1) =>
    running.engine.subscriptions.create({ accountId, url: 'script:x', topic: 'sub_tag(3)' });
  return { ...running, headers, transport, subscribe };
}

/** The headers of the requests that one event leads to, by subscription. */
async function sent({ engine, transport }: Started, accountId = 1): Promise<readonly (readonly string[])[]> {
  const before = transport.sent.length;
  await engine.emit('sub_tag(3)', { accountId, objectType: 0, record: mary });
  await engine.deliverDue();
  return transport.sent.slice(before).map(({ headers }) => headers);
}

const valueOf = (headers: readonly string[] | undefined, name: string): string | undefined =>
  headers?.[headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name) + 1];

test('requests carry the headers of their subscription, and of no other', async (t) => {
  const started = await start(t, sqlite.make(t));
  const { engine, headers, subscribe } = started;
  const [one, two] = [await subscribe(), await subscribe()];
  const shown = await headers.set(engine, 1, one.id, { auth, headers: [{ name: 'X-Tenant', value: 'blue team' }] });
  t.deepEqual(shown, [
    { name: 'authorization', last4: 'WXYZ' },
    { name: 'X-Tenant', last4: '' },
  ]);
  const [first, second] = await sent(started);
  t.is(valueOf(first, 'authorization'), `Bearer ${auth.token}`);
  t.is(valueOf(first, 'x-tenant'), 'blue team');
  t.false(second?.includes('authorization'));
  const stored = await engine.subscriptions.get(1, one.id);
  t.notRegex(JSON.stringify(stored), /tok_|blue team/);
  t.deepEqual(headers.headersOf(stored), shown);
  await headers.set(engine, 1, two.id, { auth: { type: 'basic', username: 'zoë', password: 'p: w' } });
  await headers.set(engine, 1, one.id, {});
  const [without, basic] = await sent(started);
  t.false(without?.includes('authorization'));
  t.is(Buffer.from(valueOf(basic, 'authorization')?.slice(6) ?? '', 'base64').toString(), 'zoë:p: w');
});

test('a header that says how a request is sent, or by whom, is refused, and its value is in no message', async (t) => {
  const { engine, headers, subscribe } = await start(t);
  const { id } = await subscribe();
  const canary = 'canary-1f2e3d4c5b6a';
  const value = canary;
  const names = `Host Content-Length content-type Transfer-Encoding connection Keep-Alive Proxy-Authorization proxy-x TE Trailer
    Upgrade Expect Forwarded X-Forwarded-For x-forwarded-proto Via Accept-Encoding User-Agent Webhook-Id webhook-signature
    Sec-Fetch-Site sec-x`.split(/\s+/);
  const refused: HeadersInput[] = [
    ...names.map((name) => ({ headers: [{ name, value }] })),
    ...['', 'a b', 'a:b', 'ä', 'x\n', 'x'.repeat(65)].map((name) => ({ headers: [{ name, value }] })),
    ...['', `${canary}\r\nX-Other: 1`, `${canary}é`, `${canary}\0`, ` ${canary}`, canary.repeat(300)].map((text) => ({
      headers: [{ name: 'x-a', value: text }],
    })),
    { headers: Array.from({ length: 21 }, (_, index) => ({ name: `x-${index}`, value })) },
    { headers: Array.from({ length: 2 }, (_, index) => ({ name: `x-${index}`, value: 'v'.repeat(1_300) })) },
    {
      headers: [
        { name: 'x-a', value },
        { name: 'X-A', value },
      ],
    },
    { auth, headers: [{ name: 'Authorization', value }] },
    { headers: value as never },
    { headers: [null as never] },
    { headers: [{ name: 'x-a', value: [value] as never }] },
    { auth: { type: 'bearer', token: `${canary} x` } },
    { auth: { type: 'basic', username: `${canary}:x`, password: canary } },
    { auth: { type: 'basic', username: 'x', password: `${canary}\n` } },
    { auth: { type: 'digest', token: canary } as never },
  ];
  for (const input of refused) {
    const error = await t.throwsAsync(headers.set(engine, 1, id, input), { code: 'invalid_input' }, JSON.stringify(input));
    t.notRegex(`${error?.message} ${JSON.stringify(error)}`, /canary/);
  }
  t.deepEqual((await engine.subscriptions.get(1, id)).attributes['request-headers'], undefined);
  await t.throwsAsync(headers.set(engine, 2, id, { auth }), { code: 'not_found' });
  const fits = [{ name: "x-!#$%&'*+.^_`|~9", value: `${'v'.repeat(2_300)} "~` }];
  t.is((await headers.set(engine, 1, id, { headers: fits })).length, 1, 'what is allowed fits beside a secret');
});

test('a ciphertext that was changed anywhere, cut, or moved to another row is not opened, and nothing is sent with it', async (t) => {
  const started = await start(t);
  const { engine, headers, transport, subscribe } = started;
  const [one, two, other] = [await subscribe(), await subscribe(), await subscribe(2)];
  await headers.set(engine, 1, one.id, { auth });
  const stored = await engine.subscriptions.get(1, one.id);
  const sealed = stored.attributes['request-headers'] ?? '';
  const opens = (text: string, row: Subscription = stored): boolean => {
    try {
      return headers.headersOf({ ...row, attributes: { 'request-headers': text } }).length > 0;
    } catch {
      return false;
    }
  };
  t.true(opens(sealed));
  const [id = '', iv = '', rest = ''] = sealed.split('.');
  for (const [name, text] of Object.entries({ iv, rest })) {
    const bytes = Buffer.from(text, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      for (const bit of [1, 128]) {
        const flipped = Buffer.from(bytes);
        flipped[index] = (flipped[index] ?? 0) ^ bit;
        const changed = flipped.toString('base64url');
        t.false(opens(`${id}.${name === 'iv' ? changed : iv}.${name === 'iv' ? rest : changed}`), `${name} ${index}`);
      }
    }
  }
  for (let index = 0; index < sealed.length; index += 1) {
    for (const character of ['A', 'Z', '=', ' ', '.']) {
      if (sealed[index] !== character)
        t.false(opens(sealed.slice(0, index) + character + sealed.slice(index + 1)), `at ${index}`);
    }
  }
  const bytes = Buffer.from(rest, 'base64url');
  for (let length = 0; length < bytes.length; length += 1) {
    t.false(opens(`${id}.${iv}.${bytes.subarray(0, length).toString('base64url')}`), `cut to ${length}`);
  }
  for (const text of ['', '..', `${id}..${rest}`, `${sealed}.x`, `${sealed}=`, `b.${iv}.${rest}`]) t.false(opens(text), text);
  t.false(opens(sealed, two), 'moved to another subscription of the account');
  t.false(opens(sealed, { ...stored, accountId: other.accountId }), 'moved to another account');
  const moved = { ...two, attributes: { 'signing-secrets': sealed } };
  t.throws(() => managedSecrets({ keys }).secretsOf(moved), { message: /was changed|started/ });

  await engine.subscriptions.update(1, two.id, { attributes: { 'request-headers': sealed } });
  const before = transport.sent.filter(({ subscriptionId }) => subscriptionId === two.id).length;
  await sent(started);
  t.is(
    transport.sent.filter(({ subscriptionId }) => subscriptionId === two.id).length,
    before,
    'it is not sent without them either',
  );
});

test('all is sealed anew under the first key, also when it was stopped in the middle, and then opens without the old one', async (t) => {
  const storage = memoryStorage();
  const before = await start(t, storage);
  const ids: number[] = [];
  for (let count = 0; count < 230; count += 1) {
    const { id } = await before.subscribe(count % 2);
    await before.headers.set(before.engine, count % 2, id, { auth });
    ids.push(id);
  }
  await before.subscribe(0);
  const fresh = newKey('b');
  const both = managedHeaders({ keys: [fresh, ...keys] });
  const secrets = managedSecrets({ keys: [fresh, ...keys] });
  let updates = 0;
  const dying = {
    subscriptions: {
      list: before.engine.subscriptions.list,
      update: async (...given: Parameters<typeof before.engine.subscriptions.update>) => {
        updates += 1;
        if (updates > 60) throw new Error('the process has ended');
        return before.engine.subscriptions.update(...given);
      },
    },
  };
  await t.throwsAsync(both.rekey(dying, [0, 1]), { message: /the process has ended/ });
  t.deepEqual(await both.rekey(before.engine, [0, 1]), { resealed: 170, lost: [] });
  t.deepEqual(await both.rekey(before.engine, [0, 1]), { resealed: 0, lost: [] });
  t.is((await secrets.rekey(before.engine, [0, 1])).resealed, 231, 'secrets are given a key, and bound to their subscription');
  const alone = managedHeaders({ keys: [fresh] });
  for (const [index, id] of ids.entries()) {
    t.like(alone.headersOf(await before.engine.subscriptions.get(index % 2, id)), [{ name: 'authorization', last4: 'WXYZ' }]);
  }
  const lost = await managedHeaders({ keys: [newKey('c')] }).rekey(before.engine, [0]);
  t.is(lost.lost.length, 115);
  t.is(lost.resealed, 0);
});

test('a subscription is made with headers, which are sealed before; those that are not sealed are not stored', async (t) => {
  const started = await start(t);
  const { engine, headers } = started;
  const make = async (attributes: Record<string, string>) =>
    engine.subscriptions.create({ accountId: 1, url: 'script:x', topic: 'sub_tag(3)', attributes });
  const sealed = headers.seal({ accountId: '1' }, { auth }) as Record<string, string>;
  const made = await make(sealed);
  t.deepEqual(headers.headersOf(made), [{ name: 'authorization', last4: 'WXYZ' }]);
  t.is(valueOf((await sent(started))[0], 'authorization'), `Bearer ${auth.token}`);
  t.deepEqual(headers.seal({ accountId: '1' }, {}), {}, 'nothing is kept for none');
  for (const text of [`authorization: Bearer ${auth.token}`, auth.token, '', '{"authorization":"x"}']) {
    const { message } = await t.throwsAsync(async () => make({ 'request-headers': text }), { code: 'invalid_input' });
    t.notRegex(message, /tok_/);
    await t.throwsAsync(async () => engine.subscriptions.update(1, made.id, { attributes: { 'request-headers': text } }), {
      code: 'invalid_input',
    });
  }
});
