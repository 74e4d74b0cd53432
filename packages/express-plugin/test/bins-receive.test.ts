import { connect } from 'node:net';
import { once } from 'node:events';
import test from 'ava';
import { startBins, textOf } from './bins-host.ts';
import { parserSetups, versions, type Version } from './host.ts';

const form = 'webhook_id=3&event%5Btype%5D=sub_tag&data%5Bname%5D=Mary';

for (const version of Object.keys(versions) as Version[]) {
  for (const [setup, parsers] of Object.entries(parserSetups)) {
    test(`${version} with ${setup}: a bin keeps what is sent, or says that a parser had it first`, async (t) => {
      const host = await startBins(t, {}, { version, parsers });
      const id = await host.make();
      for (const wish of [{ form }, { json: { a: { b: [1, 'ü'] } } }]) {
        const answer = await host.send(id, { ...wish, below: '/deep/er?x=1&x=2', headers: { 'X-Mixed-Case': 'Kept' } });
        t.is(answer.status, 200, answer.text);
        const kept = await host.newest(id);
        t.like(kept, { method: 'POST', path: '/deep/er', query: 'x=1&x=2', attempt: 1, signature: { state: 'unsigned' } });
        t.true(kept.headers.some(([name, value]) => name === 'X-Mixed-Case' && value === 'Kept'));
        const sent = 'form' in wish ? wish.form : JSON.stringify(wish.json);
        if (kept.bytes === null) {
          t.regex(kept.notes.join(' '), /A body parser of this host read the body first, so its bytes are not known/);
          t.regex(kept.parsed ?? '', 'form' in wish ? /Mary/ : /^\{"a":\{"b":\[1,"ü"\]\}\}$/);
          t.false(kept.whole);
        } else {
          t.is(textOf(kept), sent);
          t.true(kept.whole);
          t.is(kept.size, Buffer.byteLength(sent));
        }
      }
    });
  }

  test(`${version}: any method is taken, with and without a body`, async (t) => {
    const host = await startBins(t, {}, { version });
    const id = await host.make();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'REPORT']) {
      t.is((await host.send(id, { method })).status, 200, method);
      t.like(await host.newest(id), { method, path: '', bytes: '', whole: true, size: 0 });
    }
    t.is((await host.state(id)).requests.length, 7);
  });
}

test('bytes that are no text are kept as they are, and handed out as a file that no browser opens', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  const body = Buffer.from([0, 255, 254, 10, 13, 60, 115, 99, 114, 105, 112, 116, 62]);
  await host.send(id, { body, headers: { 'Content-Type': 'text/html' } });
  const kept = await host.newest(id);
  t.deepEqual(Buffer.from(kept.bytes ?? '', 'base64'), body);
  const file = await host.bins('GET', `/${id}/requests/1/body`);
  t.like(file.headers, {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="request-1.bin"',
    'x-content-type-options': 'nosniff',
    'content-length': '13',
  });
  t.regex(String(file.headers['content-security-policy']), /^sandbox/);
});

test('a body that is too large is cut with a note, counted, and answered', async (t) => {
  const host = await startBins(t, { bytesPerRequest: 1_000 });
  const id = await host.make();
  const answer = await host.send(id, { body: 'x'.repeat(3_000_000), headers: { 'Content-Type': 'text/plain' } });
  t.is(answer.status, 200);
  const kept = await host.newest(id);
  t.like(kept, { size: 3_000_000, whole: false, notes: ['Only the first 1000 of its bytes are kept.'] });
  t.is(textOf(kept), 'x'.repeat(1_000));
});

test('a body that does not end in time is answered, with what came of it kept', async (t) => {
  const host = await startBins(t, { bodyMs: 100 });
  const id = await host.make();
  const socket = connect(host.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(`POST /1/in/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart of it`);
  let said = '';
  socket.on('data', (part) => (said += String(part)));
  await once(socket, 'end');
  t.regex(said, /^HTTP\/1\.1 200 OK/);
  t.regex(said, /connection: close/i);
  const kept = await host.newest(id);
  t.is(textOf(kept), 'part of it');
  t.like(kept, { whole: false, size: 10 });
  t.regex(kept.notes[0] ?? '', /not complete after 0\.1 s/);
});

test('a body without an end is answered in the middle of it, and no more of it is read', async (t) => {
  const host = await startBins(t, { bytesPerRequest: 10, bodyMs: 60_000 });
  const id = await host.make();
  const socket = connect(host.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(`POST /1/in/${id} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  let over = false;
  const pump = (): void => {
    while (!over && socket.write(chunk));
  };
  socket.on('drain', pump);
  // Who writes on may be cut off before having read the answer.
  socket.on('error', () => undefined);
  let said = '';
  socket.on('data', (part) => (said += String(part)));
  pump();
  await new Promise((resolve) => socket.once('close', resolve));
  over = true;
  t.regex(said, /^(?:HTTP\/1\.1 200 OK|$)/);
  const kept = await host.newest(id);
  t.is(textOf(kept), 'xxxxxxxxxx');
  t.true((kept.size ?? 0) < 20_000_000, `${kept.size}`);
  t.regex(kept.notes.join(' '), /did not end within/);
});

test('a sender that hangs up is kept as far as it came', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  const socket = connect(host.port, '127.0.0.1');
  await once(socket, 'connect');
  const { body } = await new Promise<{ body: string }>((resolve) => {
    const stream = new AbortController();
    t.teardown(() => stream.abort());
    void (async () => {
      const answer = await fetch(`${host.url}/1/bins/api/${id}/events`, {
        headers: { cookie: 'session=a' },
        signal: stream.signal,
      });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let heard = '';
      while (!heard.includes('event: request')) {
        const { value = '', done = true } = (await reader?.read()) ?? {};
        if (heard === '') socket.end(`POST /1/in/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
        heard += value;
        if (done) break;
      }
      resolve({ body: heard });
    })();
  });
  t.regex(body, /event: request/);
  const kept = await host.newest(id);
  t.is(textOf(kept), 'half');
  t.regex(kept.notes.join(' '), /The connection broke before the body was complete/);
});

test('no answer of a bin can be taken for a page, sets a cookie, or opens to other sites', async (t) => {
  const host = await startBins(
    t,
    {},
    {
      parsers: () => [
        (_request, response, next) => {
          response.setHeader('Set-Cookie', 'host=1');
          response.setHeader('Access-Control-Allow-Origin', '*');
          next();
        },
      ],
    },
  );
  const id = await host.make();
  const json = { status: 418, body: '<script>alert(1)</script>', headers: 'Retry-After: 7\nX-Test-It: yes' };
  t.is((await host.bins('PUT', `/${id}/answer`, { json })).status, 200);
  const answer = await host.send(id, { form });
  t.is(answer.status, 418);
  t.is(answer.text, '<script>alert(1)</script>');
  t.like(answer.headers, {
    'content-type': 'text/plain;charset=UTF-8',
    'content-security-policy': `sandbox; default-src 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    'retry-after': '7',
    'x-test-it': 'yes',
  });
  t.is(answer.headers['set-cookie'], undefined);
  t.is(answer.headers['access-control-allow-origin'], undefined);
});

test('an unknown bin takes nothing, and what is no id of a bin is the host’s', async (t) => {
  const host = await startBins(t, {}, { behind: (app) => app.use((_request, response) => void response.status(299).end()) });
  const gone = await host.send('0'.repeat(32), { form });
  t.is(gone.status, 404);
  t.regex(gone.text, /There is no such bin/);
  for (const path of ['/in', '/in/', '/in/x', `/in/${'0'.repeat(31)}`, `/in/${'0'.repeat(33)}`, `/in/${'G'.repeat(32)}`]) {
    t.is((await host.call('POST', path, { as: null })).status, 299, path);
  }
});
