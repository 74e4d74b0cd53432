import { randomBytes } from 'node:crypto';
import { functionTransport } from '@hookwell/adapters/function';
import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import {
  createEngine,
  managedSecrets,
  ontraportCatalog,
  type Engine,
  type ManagedSecretsOptions,
  type StorageAdapter,
  type TransportRequest,
} from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { Webhook } from 'standardwebhooks';

const noon = Date.UTC(2026, 0, 15, 12);
const hour = 3_600_000;
const newKey = (): string => randomBytes(32).toString('base64');
const keys = [{ id: 'a', key: newKey() }];
const event = { accountId: 7, objectType: 0, record: { id: 8, firstname: 'Mary' } };

interface Running {
  readonly engine: Engine;
  readonly secrets: ReturnType<typeof managedSecrets>;
  readonly sent: readonly TransportRequest[];
  readonly move: (ms: number) => void;
}

async function start(t: ExecutionContext, options: ManagedSecretsOptions, storage: StorageAdapter): Promise<Running> {
  const sent: TransportRequest[] = [];
  let time = noon;
  const secrets = managedSecrets(options);
  const engine = createEngine<string>({
    storage,
    transports: [functionTransport({ send: (request) => void sent.push(request), schemes: ['https:'] })],
    catalog: ontraportCatalog,
    plugins: [secrets],
    now: () => time,
  });
  await engine.start({ deliver: false });
  t.teardown(async () => engine.stop());
  return { engine, secrets, sent, move: (ms) => void (time += ms) };
}

const subscribe = async ({ engine }: Running, accountId = 7) =>
  engine.subscriptions.create({ accountId, url: 'https://example.com/', topic: 'sub_tag(3)' });

/** Sends one event and answers the signature header of its request; undefined when there is none. */
async function signatureOf({ engine, sent }: Running): Promise<string | undefined> {
  await engine.emit('sub_tag(3)', event);
  await engine.deliverDue();
  const { headers } = sent.at(-1) as TransportRequest;
  const at = headers.indexOf('webhook-signature');
  return at < 0 ? undefined : headers[at + 1];
}

/** Whether a receiver with that secret accepts the last request. The standard's own library asks the machine's clock. */
function accepts(secret: string, { sent }: Running): boolean {
  const { headers, body, deliveryId } = sent.at(-1) as TransportRequest;
  const timestamp = headers[headers.indexOf('webhook-timestamp') + 1] ?? '';
  const expected = new Webhook(secret).sign(deliveryId, new Date(Number(timestamp) * 1_000), body);
  return (headers[headers.indexOf('webhook-signature') + 1] ?? '').split(' ').includes(expected);
}

for (const [name, make] of [
  ['memory', () => memoryStorage()],
  ['sqlite', () => sqliteStorage({ filename: ':memory:' })],
] as const) {
  test(`${name}: each subscription has a secret of its own from the beginning, and its requests are signed with it`, async (t) => {
    const running = await start(t, { keys }, make());
    const first = await subscribe(running);
    const second = await subscribe(running);
    const [secret = ''] = running.secrets.secretsOf(first);
    t.regex(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    t.notDeepEqual(running.secrets.secretsOf(second), [secret]);
    await running.engine.subscriptions.remove(7, second.id);
    t.is((await signatureOf(running))?.split(' ').length, 1);
    t.true(accepts(secret, running));
  });

  test(`${name}: a new secret is answered once and signs at once; the old one signs, too, until the overlap is over`, async (t) => {
    const running = await start(t, { keys, overlapMs: hour }, make());
    const { engine, secrets, move } = running;
    const subscription = await subscribe(running);
    const [old = ''] = secrets.secretsOf(subscription);
    const { secret } = await secrets.rotate(engine, 7, subscription.id);
    t.deepEqual(secrets.secretsOf(await engine.subscriptions.get(7, subscription.id)), [secret, old]);
    await signatureOf(running);
    t.true(accepts(secret, running));
    t.true(accepts(old, running));
    move(hour - 1);
    await signatureOf(running);
    t.true(accepts(old, running));
    move(1);
    t.is((await signatureOf(running))?.split(' ').length, 1);
    t.true(accepts(secret, running));
    t.false(accepts(old, running));
  });
}

test('a secret that has become known is gone at once, and so are those that were on their way out', async (t) => {
  const running = await start(t, { keys }, memoryStorage());
  const { id } = await subscribe(running);
  await running.secrets.rotate(running.engine, 7, id);
  const { secret } = await running.secrets.rotate(running.engine, 7, id, { overlapMs: 0 });
  t.deepEqual(running.secrets.secretsOf(await running.engine.subscriptions.get(7, id)), [secret]);
});

test('an overlap is never made longer by another replacement, and at most five secrets sign', async (t) => {
  const running = await start(t, { keys, overlapMs: hour }, memoryStorage());
  const { engine, secrets, move } = running;
  const subscription = await subscribe(running);
  const [first] = secrets.secretsOf(subscription);
  await secrets.rotate(engine, 7, subscription.id);
  move(hour / 2);
  for (let n = 0; n < 3; n += 1) await secrets.rotate(engine, 7, subscription.id);
  t.true(secrets.secretsOf(await engine.subscriptions.get(7, subscription.id)).includes(first as string));
  move(hour / 2);
  t.false(secrets.secretsOf(await engine.subscriptions.get(7, subscription.id)).includes(first as string));
  for (let n = 0; n < 9; n += 1) await secrets.rotate(engine, 7, subscription.id);
  t.is((await signatureOf(running))?.split(' ').length, 5);
});

test('no secret is in the database, nor in what the engine tells or answers', async (t) => {
  const storage = memoryStorage();
  const running = await start(t, { keys }, storage);
  const told: unknown[] = [];
  for (const name of ['subscription:created', 'subscription:updated', 'delivery:delivered'] as const) {
    running.engine.events.on(name, (notice: unknown) => told.push(notice));
  }
  const { id } = await subscribe(running);
  const { secret } = await running.secrets.rotate(running.engine, 7, id);
  await signatureOf(running);
  const row = await running.engine.subscriptions.get(7, id);
  t.true(told.length >= 3);
  for (const text of [JSON.stringify(row), JSON.stringify(told)]) {
    t.false(text.includes(secret));
    t.false(text.includes(secret.slice('whsec_'.length)));
  }
});

test('what another key has sealed, what was changed and what belongs to another account cannot be opened', async (t) => {
  const storage = memoryStorage();
  const running = await start(t, { keys }, storage);
  const subscription = await subscribe(running);
  const { attributes } = subscription;
  const sealed = attributes['signing-secrets'] ?? '';
  t.throws(() => running.secrets.secretsOf({ accountId: '8', attributes }), { message: /was changed/ });
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
  t.throws(() => running.secrets.secretsOf({ accountId: '7', attributes: { 'signing-secrets': changed } }), {
    message: /was changed/,
  });
  const other = await start(t, { keys: [{ id: 'b', key: newKey() }] }, memoryStorage());
  t.throws(() => other.secrets.secretsOf(subscription), { message: /key "a" .* is not among the keys/ });
});

test('a key can be replaced: the new one seals, and what the old one sealed is opened', async (t) => {
  const first = await start(t, { keys }, memoryStorage());
  const subscription = await subscribe(first);
  const both = await start(t, { keys: [{ id: 'b', key: newKey() }, ...keys] }, memoryStorage());
  t.deepEqual(both.secrets.secretsOf(subscription), first.secrets.secretsOf(subscription));
  t.true((await subscribe(both)).attributes['signing-secrets']?.startsWith('b.'));
});

test('a subscription that is older than the plugin is not signed for until it is given a secret', async (t) => {
  const storage = memoryStorage();
  const plain = createEngine<string>({
    storage,
    transports: [functionTransport({ send: () => undefined, schemes: ['https:'] })],
    catalog: ontraportCatalog,
  });
  await plain.start({ deliver: false });
  const { id } = await plain.subscriptions.create({ accountId: 7, url: 'https://example.com/', topic: 'sub_tag(3)' });
  await plain.stop();
  const running = await start(t, { keys }, storage);
  t.is(await signatureOf(running), undefined);
  const { secret } = await running.secrets.rotate(running.engine, 7, id);
  await signatureOf(running);
  t.true(accepts(secret, running));
});

test('a subscription of another account gets no secret', async (t) => {
  const running = await start(t, { keys }, memoryStorage());
  const { id } = await subscribe(running);
  await t.throwsAsync(running.secrets.rotate(running.engine, 8, id), { code: 'not_found' });
  await t.throwsAsync(running.secrets.rotate(running.engine, 7, id, { overlapMs: -1 }), { code: 'invalid_input' });
});

for (const [what, wrong, message] of [
  ['no key', [], /there is no key/],
  ['a key of 16 bytes', [{ id: 'a', key: randomBytes(16).toString('base64') }], /the key "a" is not the base64 of 32 bytes/],
  ['two keys of one name', [...keys, ...keys], /two keys are called "a"/],
  ['a name with a dot', [{ id: 'a.b', key: newKey() }], /the name of a key is not/],
] as const) {
  test(`${what} is refused, and no key is shown`, (t) => {
    const error = t.throws(() => managedSecrets({ keys: [...wrong] }), { code: 'invalid_option', message });
    for (const { key } of wrong) t.false(error.message.includes(key));
  });
}
