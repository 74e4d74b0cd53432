import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionTransport } from '@hookwell/adapters/function';
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine, ontraportCatalog, standardWebhooks, type Catalog, type FieldInput, type Topic } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { Webhook } from 'standardwebhooks';
import { readPage } from '../docs/src/page.ts';
import { root } from '../docs/src/pages.ts';
import {
  codeOf,
  exampleFolder,
  follow,
  freePort,
  hasProgram,
  listening,
  runCurl,
  startNode,
  wordsOf,
  writeBlocks,
} from './docs-program.ts';

for (const file of ['README.md', 'docs/getting-started.md']) {
  test(`${file}: its CRM runs, its commands work as they are written, and the payload arrives as it says`, async (t) => {
    const [crmPort, receiverPort] = [await freePort(), await freePort()];
    const here = (text: string): string =>
      text.replaceAll(/\b3000\b/g, String(crmPort)).replaceAll(/\b4000\b/g, String(receiverPort));
    const { page, folder } = writeBlocks(t, file, here);
    const lines = codeOf(page, 'sh').flatMap((block) => here(block).split('\n'));
    const receive = wordsOf(lines.find((line) => line.startsWith('node -e ')) ?? '').slice(1);
    const curls = lines.filter((line) => line.startsWith('curl '));
    const payload = codeOf(page, '').find((block) => block.startsWith('webhook_id=')) ?? '';
    t.deepEqual([receive.length, curls.length >= 2, payload === ''], [2, true, false], 'the page has all that is needed');

    const receiver = startNode(t, folder, receive);
    const crm = startNode(t, folder, ['crm.mjs']);
    await Promise.all([listening(receiverPort), crm.until((printed) => printed.includes('The CRM listens on'))]);
    const answers: unknown[] = [];
    for (const curl of curls) {
      const response = await runCurl(curl);
      t.is(response.status, 200, curl);
      answers.push(await response.json());
      if (curl.includes('/tags/')) await receiver.until((printed) => printed.endsWith('\n'));
    }
    const withoutTime = (text: string): string => text.trim().replace(/timestamp=\d{10}$/, 'timestamp=');
    t.is(withoutTime(receiver.printed()), withoutTime(payload));
    for (const json of codeOf(page, 'json')) t.deepEqual(answers[0], JSON.parse(here(json)));
    t.is(crm.printed().trim(), `The CRM listens on http://localhost:${crmPort}`, 'and it complains of nothing');
    const code = await crm.end();
    t.is(code, file === 'README.md' ? null : 0, 'the one of the guide ends gracefully');
  });
}

for (const [file, proof] of [
  ['docs/custom-transport.md', 'port-transport.test.ts'],
  ['docs/custom-storage.md', 'measured-storage.test.ts'],
] as const) {
  test(`${file}: the adapter in it passes the conformance suite, run as the guide says`, async (t) => {
    const { folder } = writeBlocks(t, file);
    const run = startNode(t, folder, ['--test', '--test-reporter=tap', proof]);
    await run.until((printed) => /^# duration_ms/m.test(printed));
    t.regex(run.printed(), /^# fail 0$/m, run.printed());
    t.regex(run.printed(), /^# pass [1-9]\d+$/m);
  });
}

test('docs/plugins.md: the plugin in it passes the test in it, run as they are written', async (t) => {
  const { folder } = writeBlocks(t, 'docs/plugins.md');
  const run = startNode(t, folder, ['--test', '--test-reporter=tap', 'night-silence.test.ts']);
  await run.until((printed) => /^# duration_ms/m.test(printed));
  t.regex(run.printed(), /^# pass 1$/m, run.printed());
  t.regex(run.printed(), /^# fail 0$/m);
});

test('docs/formats.md: every payload in it is what the engine sends, byte for byte', async (t) => {
  const { page, folder } = writeBlocks(t, 'docs/formats.md');
  const { catalog, mary, car } = (await import(join(folder, 'catalog.ts'))) as {
    catalog: Catalog;
    mary: Record<string, FieldInput>;
    car: Record<string, FieldInput>;
  };
  const sent = new Set<string>();
  const transport = functionTransport({
    send: ({ body }) => sent.add(body.replace(/^(\{"webhook_id":|webhook_id=)\d+/, '$13')),
  });
  const engine = createEngine({ storage: sqliteStorage({ filename: ':memory:' }), transports: [transport], catalog });
  t.teardown(engine.stop);
  await engine.start({ deliver: false });
  const topics = [
    'object_create(0)',
    'object_create(10001)',
    'object_submits_form(3)',
    'sub_tag(4)',
    'unsub_tag(4)',
    'purchase_product(7)',
  ];
  for (const topic of topics) {
    for (const format of ['full', 'lightweight', 'notify']) {
      for (const encoding of ['form', 'json'] as const) {
        await engine.subscriptions.create({ accountId: 1, url: 'function:all', topic, format, encoding });
      }
    }
    const [objectType, record] = topic === 'object_create(10001)' ? [10_001, car] : [0, mary];
    await engine.emit(topic as Topic, { accountId: 1, objectType, record, occurredAt: 1_514_940_140_000 });
  }
  await engine.deliverDue();

  const shown = codeOf(page, '').flatMap((block) => block.split('\n'));
  t.true(shown.length >= 12);
  for (const line of shown) t.true(sent.has(line), line);
});

const taggedPayload =
  'webhook_id=3&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bemail%5D=mary%40example.com&data%5Bphone%5D=&timestamp=1514940140';

test('docs/formats.md: its Python decodes a payload', (t) => {
  const [script = ''] = codeOf(readPage(root, 'docs/formats.md'), 'python');
  if (!hasProgram(t, 'python3', 'python3')) return;
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: taggedPayload, encoding: 'utf8' });
  t.is(stderr, '');
  t.is(stdout.trim(), 'sub_tag 4 mary@example.com');
});

test('docs/formats.md: its PHP decodes a payload', async (t) => {
  const [script = ''] = codeOf(readPage(root, 'docs/formats.md'), 'php');
  if (!hasProgram(t, 'php', 'php-cli')) return;
  const url = await servePhp(t, script);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(url, { method: 'POST', headers, body: taggedPayload });
  t.is((await response.text()).trim(), 'sub_tag 4 mary@example.com');
});

const secret = `whsec_${randomBytes(32).toString('base64')}`;

test('docs/receiving.md: its receiver takes what the engine has signed, once, and nothing else', async (t) => {
  const { folder } = writeBlocks(t, 'docs/receiving.md');
  const port = await freePort();
  const receiver = startNode(t, folder, ['receiver.ts'], { WEBHOOK_SECRET: secret, PORT: String(port) });
  await receiver.until((printed) => printed.includes('receiving'));
  const url = `http://localhost:${port}/hooks`;
  const engine = await sign(t, url);
  const [first] = (await engine.deliveries.attempts(1)).rows;
  t.like(first, { outcome: 'delivered', status: 200 });
  await engine.deliveries.replay(1, first?.deliveryId ?? '');
  t.is((await engine.deliverDue()).delivered, 1);
  await refusesForgeries(t, url);

  const inbox = new Database(join(folder, 'inbox.db'), { readonly: true });
  const rows = inbox.prepare('select id, body from inbox').all() as { id: string; body: string }[];
  inbox.close();
  t.deepEqual(
    rows.map(({ id, body }) => [id, new URLSearchParams(body).get('data[email]')]),
    [[first?.deliveryId, 'mary@example.com']],
  );
});

test('docs/receiving.md: its PHP takes what the engine has signed, and nothing else', async (t) => {
  const [script = ''] = codeOf(readPage(root, 'docs/receiving.md'), 'php');
  if (!hasProgram(t, 'php', 'php-cli')) return;
  const url = await servePhp(t, script);
  const engine = await sign(t, url);
  t.like((await engine.deliveries.attempts(1)).rows[0], { outcome: 'delivered', status: 200, answer: 'mary@example.com' });
  await refusesForgeries(t, url);
});

/** What nobody signed, what another key signed, and what was signed long ago are answered 401. */
async function refusesForgeries(t: ExecutionContext, url: string): Promise<void> {
  const send = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(url, { method: 'POST', headers, body: taggedPayload })).status;
  const signed = (key: string, at: Date): Record<string, string> => ({
    'content-type': 'application/x-www-form-urlencoded',
    'webhook-id': 'forged',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(key).sign('forged', at, taggedPayload),
  });
  const now = new Date();
  t.is(await send({}), 401);
  t.is(await send(signed(`whsec_${randomBytes(32).toString('base64')}`, now)), 401);
  t.is(await send(signed(secret, new Date(now.getTime() - 400_000))), 401);
}

/** Sends one signed payload to the URL. */
async function sign(t: ExecutionContext, url: string) {
  const engine = createEngine({
    storage: sqliteStorage({ filename: ':memory:' }),
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*', 'localhost:*'] })],
    catalog: ontraportCatalog,
    plugins: [standardWebhooks({ secret })],
  });
  t.teardown(engine.stop);
  await engine.start({ deliver: false });
  await engine.subscriptions.create({ accountId: 1, url, topic: 'sub_tag(4)' });
  await engine.emit('sub_tag(4)', { accountId: 1, objectType: 'Contact', record: { id: 8, email: 'mary@example.com' } });
  await engine.deliverDue();
  return engine;
}

/** Serves a script with PHP's own server. */
async function servePhp(t: ExecutionContext, script: string): Promise<string> {
  const folder = exampleFolder(t);
  writeFileSync(join(folder, 'hook.php'), script);
  const child = spawn('php', ['-S', '127.0.0.1:0', 'hook.php'], {
    cwd: folder,
    env: { ...process.env, WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const php = follow(t, child);
  const started = /\((http:\/\/127\.0\.0\.1:\d+)\) started/;
  await php.until((printed) => started.test(printed));
  return `${started.exec(php.printed())?.[1]}/`;
}
