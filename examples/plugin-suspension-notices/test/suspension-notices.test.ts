import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { functionTransport } from '@hookwell/adapters/function';
import { memoryStorage } from '@hookwell/adapters/memory';
import { createEngine, ontraportCatalog } from '@hookwell/core';
import { suspensionNotices, type SuspensionNoticesOptions } from '@hookwell/example-plugin-suspension-notices';
import test, { type ExecutionContext } from 'ava';

const secretPath = '/services/T0001/B0002/verysecret';

/** A chat: a real server, with what it was told. */
async function startChat(t: ExecutionContext, answer: (response: ServerResponse) => void = (response) => response.end('ok')) {
  const told: { readonly request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      told.push({ request, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${secretPath}` };
}

/** An engine whose endpoints all fail, so that a subscription is suspended at its first event. */
async function suspend(t: ExecutionContext, options: SuspensionNoticesOptions, subscriptions = 1) {
  const errors: string[] = [];
  const engine = createEngine({
    storage: memoryStorage(),
    transports: [
      functionTransport({
        send() {
          throw new Error('<!channel> & out of order');
        },
      }),
    ],
    catalog: ontraportCatalog,
    plugins: [suspensionNotices(options)],
    health: { suspendAfterFailures: 1, suspendAfterMs: 0 },
  });
  t.teardown(engine.stop);
  engine.events.on('error', ({ message }) => errors.push(message));
  await engine.start({ deliver: false });
  for (let made = 0; made < subscriptions; made += 1) {
    await engine.subscriptions.create({ accountId: 7, url: 'function://hooks/secret-token', topic: 'sub_tag(3)' });
  }
  for (let id = 1; id <= 2; id += 1) {
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 'Contact', record: { id } });
    await engine.deliverDue();
  }
  // A plugin is stopped once all that it had under way has ended.
  await engine.stop();
  return { errors };
}

test('the chat is told of a suspension once, with the reason and what happens next, and nothing that is secret or markup', async (t) => {
  const chat = await startChat(t);
  const { errors } = await suspend(t, { url: chat.url });
  t.deepEqual(errors, []);
  t.is(chat.told.length, 1);
  const [{ request, body } = { request: null, body: '{}' }] = chat.told;
  t.like(request, { method: 'POST', url: secretPath });
  t.is(request?.headers['content-type'], 'application/json');
  const { text, ...rest } = JSON.parse(body) as { readonly text: string };
  t.deepEqual(rest, {});
  t.regex(text, /^Subscription 1 of account 7 \(sub_tag\(3\) to hooks\) is suspended: .+\. .+$/);
  t.notRegex(text, /secret|<|>/);
});

const troubles: readonly (readonly [what: string, answer: (response: ServerResponse) => void, reason: string])[] = [
  ['answers 404', (response) => response.writeHead(404).end('no_service'), 'HTTP 404'],
  ['sends elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'the request failed'],
  ['does not answer', () => undefined, 'no answer in time'],
  ['hangs up', (response) => response.destroy(), 'UND_ERR_SOCKET'],
];
for (const [what, answer, reason] of troubles) {
  test(`a chat that ${what} is reported, by no part of its address, and holds nothing up`, async (t) => {
    const chat = await startChat(t, answer);
    const { errors } = await suspend(t, { url: chat.url, timeoutMs: 200 });
    t.deepEqual(errors, [`suspension-notices: subscription 1 is suspended, and the chat was not told: ${reason}`]);
  });
}

test('a chat that is not there is reported', async (t) => {
  const { errors } = await suspend(t, { url: `http://127.0.0.1:1${secretPath}` });
  t.is(errors.length, 1);
  t.notRegex(errors[0] ?? '', /secret/);
});

test('no more notices are under way at once than may be', async (t) => {
  const chat = await startChat(t, () => undefined);
  const { errors } = await suspend(t, { url: chat.url, timeoutMs: 300, maxUnderWay: 2 }, 5);
  t.is(errors.filter((message) => message.endsWith('2 notices are under way')).length, 3);
  t.is(errors.filter((message) => message.endsWith('no answer in time')).length, 2);
  t.is(chat.told.length, 2);
});

test('a wrong address is refused, and not shown', (t) => {
  t.throws(() => suspensionNotices({ url: 'hooks.example.com/verysecret' }), {
    code: 'invalid_option',
    message: /^suspensionNotices: option "url", which is not shown, must match pattern "\^https\?:\/\/"\. Where to tell it: /,
  });
});
