import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { keysOf, startHost, subscribe, versions, type Host, type Version } from './host.ts';

const keys = Object.entries(keysOf('app-1'))
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

async function open(t: ExecutionContext, { port }: Host): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** What arrives on a socket until that holds, or until the other side ends. */
async function read(socket: Socket, enough: (text: string) => boolean = () => false): Promise<string> {
  let text = '';
  for await (const part of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += part.toString();
    if (enough(text)) break;
  }
  return text;
}

const answers = (count: number) => (text: string) =>
  text.split('HTTP/1.1 ').length > count && /\r\n\r\n[^]+$/.test(text.split('HTTP/1.1 ').at(-1) ?? '');

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: what is not a path of the contract goes on to the host`, async (t) => {
    const host = await startHost(t, {
      version,
      options: { rateLimit: { limit: 1 } },
      behind(app) {
        app.all('/1/Contacts', (_request, response) => void response.json({ from: 'the host' }));
        app.get('/1/Webhook/mine', (_request, response) => void response.json({ from: 'the host' }));
        app.use((request, response) => void response.status(404).json({ none: request.path }));
      },
    });
    for (let n = 0; n < 3; n += 1) {
      t.is((await host.call('POST', '/Contacts', { as: null })).text, '{"from":"the host"}', 'nobody is asked for keys there');
    }
    t.is((await host.call('GET', '/Webhook/mine')).text, '{"from":"the host"}');
    for (const path of [
      '',
      '/',
      '/webhooks',
      '/Webhooks/',
      '/Webhook/subscribe/x',

      '/Webhooks%2Fmeta',
      '/constructor',
      '/WebhookX',
    ]) {
      const answer = await host.call('GET', path);
      t.is(answer.status, 404, path);
      t.true(answer.text.startsWith('{"none":'), path);
      t.is(answer.headers['x-rate-limit-limit'], undefined);
    }
  });

  test(`${version}: HEAD is answered like GET, without the body`, async (t) => {
    const host = await startHost(t, { version });
    await subscribe(host);
    for (const path of ['/Webhooks', '/Webhook?id=1', '/Webhooks/getInfo', '/WebhookLogs/meta', '/Webhook?id=2']) {
      const get = await host.call('GET', path);
      const head = await host.call('HEAD', path);
      t.is(head.status, get.status);
      t.is(head.text, '');
      for (const name of ['content-type', 'content-length', 'cache-control', 'x-content-type-options']) {
        t.is(head.headers[name], get.headers[name], `${path} ${name}`);
      }
    }
  });

  test(`${version}: an HTTP/1.0 client gets a whole answer and its connection closed`, async (t) => {
    const host = await startHost(t, { version });
    const socket = await open(t, host);
    socket.write(`GET /1/Webhooks HTTP/1.0\r\n${keys}\r\n`);
    const text = await read(socket);
    t.regex(text, /^HTTP\/1\.1 200 OK\r\n/);
    t.regex(text, /\r\nContent-Length: 45\r\n/);
    t.notRegex(text, /transfer-encoding/i);
    t.true(text.endsWith('\r\n\r\n{"code":0,"data":[],"account_id":1,"misc":[]}'));
  });

  test(`${version}: header names are taken in any case`, async (t) => {
    const host = await startHost(t, { version });
    for (const [appId, apiKey] of [
      ['Api-Appid', 'Api-Key'],
      ['API-APPID', 'API-KEY'],
      ['api-appid', 'api-key'],
      ['aPI-AppId', 'Api-key'],
    ]) {
      const socket = await open(t, host);
      socket.write(`GET /1/Webhooks HTTP/1.0\r\n${appId}: app-1\r\n${apiKey}: key-1\r\n\r\n`);
      t.regex(await read(socket), /^HTTP\/1\.1 200 /);
    }
  });

  test(`${version}: a client that goes away while it sends leaves nothing behind`, async (t) => {
    const host = await startHost(t, { version });
    for (let n = 0; n < 5; n += 1) {
      const socket = await open(t, host);
      socket.write(
        `POST /1/Webhook/subscribe HTTP/1.1\r\nHost: x\r\n${keys}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"url":`,
      );
      // The budget tells when the request has come so far that it is being read.
      while (Number((await host.call('GET', '/Webhooks/meta')).headers['x-rate-limit-remaining']) % 2 === 1)
        await new Promise(setImmediate);
      socket.destroy();
    }
    const answer = await host.call('GET', '/Webhooks');
    t.deepEqual([answer.status, answer.text], [200, '{"code":0,"data":[],"account_id":1,"misc":[]}']);
    t.deepEqual(host.errors, []);
  });

  test(`${version}: a body that is too large, and one that nobody reads, leave the connection usable`, async (t) => {
    const host = await startHost(t, { version });
    const socket = await open(t, host);
    const large = `x=${'x'.repeat(300_000)}`;
    const post = (headers: string, body: string): string =>
      `POST /1/Webhook/subscribe HTTP/1.1\r\nHost: x\r\n${headers}Content-Type: application/x-www-form-urlencoded\r\n${body}`;
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    socket.write(post(keys, `Content-Length: ${large.length}\r\n\r\n${large}`));
    t.regex(await read(socket, answers(1)), /^HTTP\/1\.1 400 [^]*The body is too large: 64 KiB are taken\.$/);
    socket.write(post(keys, chunked));
    t.regex(await read(socket, answers(1)), /^HTTP\/1\.1 400 [^]*The body is too large: 64 KiB are taken\.$/);
    socket.write(post('', `Content-Length: ${large.length}\r\n\r\n${large}`));
    t.regex(await read(socket, answers(1)), /^HTTP\/1\.1 401 /);
    socket.write(post(keys, 'Content-Length: 42\r\n\r\nurl=https://example.com&event=sub_tag(3)&x'));
    t.regex(await read(socket, answers(1)), /^HTTP\/1\.1 200 /);
  });

  test(`${version}: an upload without end is answered as soon as it is too large`, async (t) => {
    const host = await startHost(t, { version });
    const socket = await open(t, host);
    socket.write(`POST /1/Webhook/subscribe HTTP/1.1\r\nHost: x\r\n${keys}Transfer-Encoding: chunked\r\n\r\n`);
    for (let n = 0; n < 5; n += 1) socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    t.regex(await read(socket, answers(1)), /^HTTP\/1\.1 400 [^]*The body is too large: 64 KiB are taken\.$/);
  });

  test(`${version}: a whole URL in the request line is taken`, async (t) => {
    const host = await startHost(t, { version });
    await subscribe(host);
    const socket = await open(t, host);
    socket.write(`GET http://crm.example.com/1/Webhook?id=1 HTTP/1.0\r\n${keys}\r\n`);
    t.regex(await read(socket), /^HTTP\/1\.1 200 OK[^]*"id":"1"/);
  });

  test(`${version}: the query is read as the client sent it, whatever the host made of it`, async (t) => {
    const host = await startHost(t, {
      version,
      parsers: () => [
        (request, _response, next) => {
          Object.defineProperty(request, 'query', { value: { id: '999' } });
          request.url = request.url.split('?')[0] ?? '';
          next();
        },
      ],
    });
    await subscribe(host);
    t.like((await host.call('GET', '/Webhook?id=1')).json.data, { id: '1' });
  });

  test(`${version}: a handler of the host's that answers first is not disturbed`, async (t) => {
    const host = await startHost(t, {
      version,
      parsers: () => [
        (_request, response, next) => {
          response.status(504).send('too late');
          next();
        },
      ],
    });
    const answer = await host.call('GET', '/Webhooks');
    t.deepEqual([answer.status, answer.text], [504, 'too late']);
    t.deepEqual(host.errors, []);
  });
}
