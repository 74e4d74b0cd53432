import { gunzipSync } from 'node:zlib';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { prepare, prepareSmall, sendPrepared, type Prepared } from '../src/prepared.ts';

const text = 'all of it '.repeat(100);
const modified = new Date('2026-01-15T12:00:00Z');

interface Received {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server of one body, and how to ask it. */
async function serving(
  t: ExecutionContext,
  prepared: Prepared,
  since?: Date,
): Promise<(headers?: Readonly<Record<string, string>>) => Promise<Received>> {
  const server = createServer((request, response) => {
    sendPrepared(request, response, prepared, {
      headers: { 'Cache-Control': 'no-cache' },
      ...(since === undefined ? {} : { modified: since }),
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (headers = {}) => {
    const request = httpRequest({ host: '127.0.0.1', port, headers, agent: false }).end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()) };
  };
}

test('who has the body is told so, by whatever it knows the body', async (t) => {
  const prepared = prepare('text/plain', Buffer.from(text));
  const ask = await serving(t, prepared, modified);
  const { etag } = prepared;
  const known = [
    { 'If-None-Match': etag },
    { 'If-None-Match': `W/${etag}` },
    { 'If-None-Match': `"x", ${etag}` },
    { 'If-None-Match': '*' },
    { 'If-Modified-Since': modified.toUTCString() },
  ];
  for (const headers of known) {
    const answer = await ask(headers);
    t.is(answer.status, 304, JSON.stringify(headers));
    t.like(answer.headers, { etag, 'cache-control': 'no-cache', 'last-modified': modified.toUTCString() });
    t.is(answer.body.length, 0);
  }
  const unknown = [
    {},
    { 'If-None-Match': '"x"' },
    { 'If-None-Match': '"x"', 'If-Modified-Since': modified.toUTCString() },
    { 'If-Modified-Since': new Date(modified.getTime() - 1_000).toUTCString() },
    { 'If-Modified-Since': 'long ago' },
  ];
  for (const headers of unknown) {
    const answer = await ask(headers);
    t.is(answer.status, 200, JSON.stringify(headers));
    t.is(answer.body.toString(), text);
  }
});

test('a body that does not say when it came to be is not known by a time', async (t) => {
  const ask = await serving(t, prepare('text/plain', Buffer.from(text)));
  t.is((await ask({ 'If-Modified-Since': modified.toUTCString() })).status, 200);
});

test('a body is sent compressed to who takes that, and as it is to others', async (t) => {
  const ask = await serving(t, await prepareSmall('text/plain', Buffer.from(text)));
  const small = await ask({ 'Accept-Encoding': 'br, gzip' });
  t.like(small.headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding', 'content-type': 'text/plain' });
  t.is(gunzipSync(small.body).toString(), text);
  const plain = await ask({ 'Accept-Encoding': 'br' });
  t.like(plain.headers, { vary: 'Accept-Encoding', 'content-length': String(text.length) });
  t.is(plain.headers['content-encoding'], undefined);
  t.is(plain.body.toString(), text);
});

test('what compressing does not make smaller is sent as it is to everybody', async (t) => {
  const ask = await serving(t, await prepareSmall('text/plain', Buffer.from('x')));
  const { headers, body } = await ask({ 'Accept-Encoding': 'gzip' });
  t.is(headers['content-encoding'], undefined);
  t.is(headers['vary'], undefined);
  t.is(body.toString(), 'x');
});
