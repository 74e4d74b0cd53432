import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { apiKeys, legacySignature, managedHeaders, managedSecrets, newKeyPair, Secret, standardWebhooks } from '@hookwell/core';
import { openTelemetry } from '@hookwell/core/opentelemetry';
import { prometheus } from '@hookwell/core/prometheus';
import { webhooks } from '@hookwell/express-plugin';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import { mary, startByHand, startReceiver, temporaryFile } from './engine-fixture.ts';
import { startTracing } from './traces-fixture.ts';

/** Everything that somebody may read, by where it was read, in every way in which it is likely to be printed. */
class Outputs {
  readonly #texts: [where: string, text: string][] = [];

  add(where: string, what: unknown): void {
    const shown = { depth: 20, maxStringLength: null, maxArrayLength: null };
    const texts = typeof what === 'string' ? [what] : [inspect(what, shown), inspect(what, { ...shown, showHidden: true })];
    if (typeof what !== 'string') texts.push(String(what), asJson(what));
    for (const text of texts) this.#texts.push([where, text]);
  }

  /** Where any of these stands, as it is or in base64, base64url or hexadecimal. */
  find(canaries: Readonly<Record<string, string>>): readonly string[] {
    return Object.entries(canaries).flatMap(([name, canary]) => {
      const bytes = Buffer.from(canary);
      const spellings = [canary, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
      const found = this.#texts.filter(([, text]) => spellings.some((spelling) => text.includes(spelling)));
      return found.map(([where]) => `${name}: ${where}`);
    });
  }

  get size(): number {
    return this.#texts.length;
  }
}

/** What cannot be written as JSON is printed by `inspect` alone. */
function asJson(what: unknown): string {
  try {
    return JSON.stringify(what, withErrors) ?? '';
  } catch {
    return '';
  }
}

function withErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value;
}

/** What a call throws. */
async function thrown(t: ExecutionContext, call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  return t.fail('it should have been refused');
}

const base64 = (): string => randomBytes(32).toString('base64');
const text = (): string => randomBytes(18).toString('hex');

test('twenty secrets go every way that there is, and are seen by nobody', async (t) => {
  const filename = temporaryFile(t);
  const storage = sqliteStorage({ filename });
  const outputs = new Outputs();
  const given = {
    sealingKey: base64(),
    oldSealingKey: base64(),
    headerKey: base64(),
    legacySecret: text(),
    bearer: text(),
    password: text(),
    ownHeader: text(),
    refusedHeader: text(),
    wrongApiKey: text(),
    wrongAppKey: text(),
    cookie: text(),
    proxyPassword: text(),
    badWhsec: `whsec_${text()}!`,
    badSealingKey: text(),
    privateKey: newKeyPair().privateKey,
    badPem: text(),
    setCookie: text(),
    clientSecret: text(),
    lockedSecret: text(),
    accessToken: text(),
  };
  const keys = [
    { id: 'new', key: given.sealingKey },
    { id: 'old', key: given.oldSealingKey },
  ];
  const tracing = startTracing();
  const metrics = prometheus();
  const secrets = managedSecrets({ keys });
  const headers = managedHeaders({ keys: [{ id: 'h', key: given.headerKey }] });
  const legacy = legacySignature({ header: 'x-old-signature', secret: given.legacySecret });
  const plugins = [secrets, headers, legacy, openTelemetry({ tracerProvider: tracing.tracerProvider }), metrics];
  const receiver = await startReceiver(t, ({ path, headers: sent, body }) => {
    if (path === '/fails') return { status: 500, headers: { 'set-cookie': given.setCookie }, body: 'no' };
    if (path === '/token')
      return { status: 200, body: JSON.stringify({ access_token: given.accessToken, token_type: 'Bearer' }) };
    // They repeat what they were sent, each in its own way.
    if (path === '/refuses') return { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: body }) };
    return path === '/echoes' ? { status: 400, body: `${JSON.stringify(sent)} ${'x'.repeat(3_700)} ${sent.authorization}` } : 200;
  });
  const transport = httpTransport({
    protocols: ['http:'],
    allow: ['127.0.0.1:*'],
    oauth2: [
      {
        urls: [receiver.url('/echoes')],
        tokenUrl: receiver.url('/token'),
        clientId: 'a',
        clientSecret: new Secret(given.clientSecret),
      },
      {
        urls: [receiver.url('/locked')],
        tokenUrl: receiver.url('/refuses'),
        clientId: 'b',
        clientSecret: given.lockedSecret,
        authMethod: 'client_secret_post',
      },
    ],
  });
  const { engine, told, clock } = await startByHand(t, storage, { plugins, transports: [transport] });
  const apiKeyStore = apiKeys({ storage, now: clock.now });
  const made = await apiKeyStore.create({ accountId: 7, name: 'warehouse' });
  const rotatedKey = await apiKeyStore.rotate(7, made.appId);
  outputs.add('a made key', made);
  outputs.add('the list of keys', await apiKeyStore.list(7));

  // Subscriptions with everything that they can have, and deliveries that end well and badly.
  const created: Record<string, string> = { apiKey: made.apiKey.reveal(), rotatedKey: rotatedKey.apiKey.reveal() };
  for (const [index, path] of ['/takes', '/fails'].entries()) {
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)' });
    created[`firstSecret${index}`] = secrets.secretsOf(await engine.subscriptions.get(7, id))[0] ?? '';
    created[`secret${index}`] = (await secrets.rotate(engine, 7, id)).secret;
    const auth =
      index === 0
        ? ({ type: 'bearer', token: given.bearer } as const)
        : ({ type: 'basic', username: 'u', password: given.password } as const);
    outputs.add(
      'headers that were set',
      await headers.set(engine, 7, id, { auth, headers: [{ name: 'x-own', value: given.ownHeader }] }),
    );
    outputs.add('a subscription', await engine.subscriptions.get(7, id));
    const value = `${given.refusedHeader}\r\nx: 1`;
    outputs.add(
      'a refused header',
      await thrown(t, async () => headers.set(engine, 7, id, { headers: [{ name: 'x-own', value }] })),
    );
  }
  for (const path of ['/echoes', '/locked']) {
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)' });
    outputs.add(`what a test of ${path} came to`, await engine.deliveries.test(7, id));
  }
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  outputs.add('a round', await engine.deliverDue());
  t.deepEqual(
    receiver.arrived.map(({ path }) => path).toSorted(),
    ['/echoes', '/echoes', '/fails', '/refuses', '/takes', '/token'],
    'a server that gives no token is not asked again at once',
  );
  for (const { headers: sent, path } of receiver.arrived) {
    if (path === '/echoes') t.is(sent.authorization, `Bearer ${given.accessToken}`);
    if (path === '/token') t.is(sent.authorization, `Basic ${Buffer.from(`a:${given.clientSecret}`).toString('base64')}`);
  }
  t.true(
    receiver.arrived.some(({ headers: sent }) => sent.authorization === `Bearer ${given.bearer}`),
    'they are really sent',
  );
  outputs.add('deliveries', await engine.deliveries.list(7));
  outputs.add('what a test came to', await engine.deliveries.test(7, 1).catch((error: unknown) => error));

  // What a host says to a user, or writes into its log.
  const mistakes: readonly (readonly [string, () => unknown])[] = [
    ['a bad secret', () => standardWebhooks({ secret: given.badWhsec })],
    ['a bad sealing key', () => managedSecrets({ keys: [{ id: 'x', key: given.badSealingKey }] })],
    ['the same, of headers', () => managedHeaders({ keys: [{ id: 'x', key: given.badSealingKey }] })],
    ['a key pair in the wrong place', () => managedSecrets({ keys: [{ id: 'x', key: given.privateKey }] })],
    ['a secret under another name', () => standardWebhooks({ secret: given.badWhsec, secert: given.badWhsec } as never)],
    ['a bad proxy', () => httpTransport({ proxy: `http://user:${given.proxyPassword}@egress/path` })],
    [
      'a bad client',
      () => httpTransport({ oauth2: [{ urls: [], tokenUrl: '', clientId: 'c', clientSecret: given.clientSecret }] }),
    ],
    [
      'the same, whose server is none',
      () =>
        httpTransport({
          oauth2: [
            {
              urls: ['https://a.example.com'],
              tokenUrl: `https://u:${given.clientSecret}@b.example.com`,
              clientId: 'c',
              clientSecret: given.clientSecret,
            },
          ],
        }),
    ],
    ['bad PEM', () => httpTransport({ tls: { key: given.badPem, cert: given.badPem } })],
    [
      'a ring without the key',
      () =>
        managedSecrets({ keys: [{ id: 'z', key: base64() }] }).secretsOf({
          accountId: '7',
          id: 1,
          attributes: { 'signing-secrets': 'new.AAAA.BBBB' },
        }),
    ],
  ];
  for (const [where, call] of mistakes) outputs.add(where, await thrown(t, call));
  outputs.add('plugins', plugins);
  outputs.add('the transport', transport);
  outputs.add('a transport', httpTransport({ proxy: `http://user:${given.proxyPassword}@egress:1` }));

  // The API and the pages, with the right key and with wrong ones.
  const app = express().use(
    '/1',
    webhooks(engine, {
      authenticate: apiKeyStore.authenticate,
      secrets,
      headers,
      console: { authenticate: async () => ({ accountId: 7, name: 'Mary' }) },
      documentation: {},
      metrics: { registry: metrics.registry },
      bins: {},
    }),
  );
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/1`;
  const right = { 'Api-Appid': rotatedKey.appId, 'Api-Key': created['rotatedKey'] as string, cookie: `session=${given.cookie}` };
  const { rows } = await engine.deliveries.list(7);
  const paths = [
    'Webhooks',
    'Webhook?id=1',
    'manage/subscriptions',
    'manage/subscriptions/1',
    'manage/subscriptions/2',
    'manage/deliveries',
    ...rows.map(({ id }) => `manage/deliveries/${id}`),
    'manage/attempts',
    'manage/stats',
    'manage/catalog',
    'manage/nothing',
    'manage/deliveries?status=failed',
    'manage/subscriptions?text=takes',
    'Webhooks/getInfo',
    'feed',
    'console',
    'docs',
    'openapi.json',
    'metrics',
    'bins',
  ];
  for (const path of paths) {
    for (const [who, own] of Object.entries({
      right,
      wrong: { ...right, 'Api-Key': given.wrongApiKey },
      nobody: { 'Api-Appid': given.wrongAppKey, 'Api-Key': given.wrongApiKey },
    })) {
      const answer = await fetch(`${origin}/${path}`, { headers: own });
      outputs.add(`${path} for ${who} (${answer.status})`, `${inspect([...answer.headers])}\n${await answer.text()}`);
    }
  }
  outputs.add('what the engine told', told);
  outputs.add(
    'spans',
    tracing.spans().map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links })),
  );
  outputs.add('metrics', await metrics.registry.metrics());
  await engine.stop();
  for (const file of [filename, `${filename}-wal`]) {
    try {
      outputs.add(`the file ${file.slice(filename.length) || 'itself'}`, readFileSync(file).toString('latin1'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  const clientPair = Buffer.from(`a:${given.clientSecret}`).toString('base64');
  const canaries: Record<string, string> = { ...given, ...created, clientPair };
  t.true(Object.keys(canaries).length >= 20);
  t.true(Object.values(canaries).every((canary) => canary.length >= 16));
  t.true(outputs.size > 150, `${outputs.size} outputs`);
  t.deepEqual(outputs.find(canaries), []);
  t.not(outputs.find({ mary: mary.email }).length, 0, 'what is no secret is found');
});
