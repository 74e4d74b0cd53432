import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { hostileReceiver } from '../../src/testing/index.ts';

test('the receiver counts and keeps what arrives, for each path and in all', async (t) => {
  const receiver = await hostileReceiver({ keep: 2 });
  t.teardown(async () => receiver.close());
  const send = async (url: string, body: string): Promise<number> => (await fetch(url, { method: 'POST', body })).status;
  t.is(await send(receiver.url('ok', 'a b'), 'one'), 200);
  t.is(await send(receiver.url('status-418'), 'two'), 418);
  t.is(await send(receiver.url('ok', 'a b'), 'three'), 200);
  t.is(await send(`${receiver.origin}/no-such-behaviour`, 'four'), 404);
  t.deepEqual([receiver.count(), receiver.count(receiver.url('ok', 'a b')), receiver.count(receiver.url('ok'))], [4, 2, 0]);
  t.deepEqual(
    receiver.received().map(({ method, path, body }) => [method, path, body]),
    [
      ['POST', '/ok/a%20b', 'three'],
      ['POST', '/no-such-behaviour', 'four'],
    ],
  );
  t.deepEqual(
    receiver.received(receiver.url('ok', 'a b')).map(({ body }) => body),
    ['three'],
  );
});

test('paths named like a part of every object are unknown', async (t) => {
  const receiver = await hostileReceiver();
  t.teardown(async () => receiver.close());
  for (const path of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    t.is((await fetch(`${receiver.origin}/${path}`)).status, 404, path);
  }
});

test('an unrefed receiver lets the process end in the middle of an answer that never ends', async (t) => {
  const testing = fileURLToPath(new URL('../../src/testing/index.ts', import.meta.url));
  const script = `
    import { connect } from 'node:net';
    import { hostileReceiver } from ${JSON.stringify(testing)};
    const receiver = await hostileReceiver();
    const socket = connect(Number(new URL(receiver.origin).port), '127.0.0.1');
    socket.write('POST /drip-body HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 0\\r\\n\\r\\n');
    await new Promise((resolve) => socket.once('data', resolve));
    receiver.unref();
    socket.unref();
    process.stdout.write(String(receiver.count()));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: 20_000,
  });
  t.is(stdout, '1');
});
