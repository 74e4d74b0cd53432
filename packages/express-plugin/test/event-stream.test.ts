import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openEventStream, type EventStream } from '../src/event-stream.ts';
import { startBins } from './bins-host.ts';
import { listen, sessionOf, startManaged } from './manage-host.ts';

// The timers of a stream keep no process alive, and so no test that waits for one.
let awake: NodeJS.Timeout | undefined;
test.before(() => {
  awake = setInterval(() => undefined, 1_000);
});
test.after.always(() => clearInterval(awake));

const session = { Cookie: 'session=a', 'Sec-Fetch-Site': 'same-origin' };

test.serial('a host with an open console can close', async (t) => {
  t.timeout(10_000);
  const host = await startManaged(t, { options: { console: { authenticate: sessionOf } } });
  const page = await listen(t, host, session);
  await host.close();
  t.is(await page.next(), null);
});

test.serial('a host with an open bin can close', async (t) => {
  t.timeout(10_000);
  const host = await startBins(t);
  const path = `/1/bins/api/${await host.make()}/events`;
  const page = await listen(t, host, session, path);
  t.like(await page.next(), { requests: [] });
  await host.close();
  t.is(await page.next(), null);
});

/** A server of nothing but streams, and what it has opened last. */
async function startStreams(t: ExecutionContext): Promise<{
  readonly server: Server;
  readonly port: number;
  readonly opened: () => { readonly stream: EventStream; readonly closed: Promise<void> };
}> {
  let opened: ReturnType<Awaited<ReturnType<typeof startStreams>>['opened']>;
  const server = createServer((request, response) => {
    const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
    const stream = openEventStream(request, response, { retryMs: 1_000, maxMs: 60_000, maxUnreadBytes: 1_000, onClose });
    opened = { stream, closed };
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port, opened: () => opened };
}

async function ask(t: ExecutionContext, port: number, method = 'GET'): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, method, agent: false });
  t.teardown(() => request.destroy());
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return answer;
}

/** Lets a stream look at itself so many times. */
function lookAround(t: ExecutionContext): (times: number) => void {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  return (times) => mock.timers.tick(1_000 * times);
}

test.serial('a stream shows every 20 seconds that it is there, and ends when its time is over', async (t) => {
  const { port, opened } = await startStreams(t);
  const look = lookAround(t);
  const answer = await ask(t, port);
  look(59);
  opened().stream.send('change', { n: 1 });
  look(1);
  opened().stream.send('change', { n: 2 });
  const text = (await answer.setEncoding('utf8').toArray()).join('');
  t.is(text, 'retry: 1000\n: connected\n\n: still here\n\n: still here\n\nevent: change\ndata: {"n":1}\n\n');
  await opened().closed;
});

test.serial('a stream on a server that never listens goes on', async (t) => {
  const { server } = await startStreams(t);
  const feeder = createNetServer((socket) => server.emit('connection', socket)).listen(0, '127.0.0.1');
  await once(feeder, 'listening');
  t.teardown(() => feeder.close());
  server.close();
  await once(server, 'close');
  const look = lookAround(t);
  const answer = await ask(t, (feeder.address() as AddressInfo).port);
  look(20);
  const parts: string[] = [];
  for await (const part of answer.setEncoding('utf8')) {
    parts.push(String(part));
    if (parts.join('').includes('still here')) break;
  }
  t.pass();
});

test.serial('a client that reads nothing is let go', async (t) => {
  t.timeout(20_000);
  const { port, opened } = await startStreams(t);
  await ask(t, port);
  const { stream, closed } = opened();
  let open = true;
  void closed.then(() => (open = false));
  while (open) {
    stream.send('change', 'x'.repeat(100_000));
    await nextTurn();
  }
  t.pass();
});

test.serial('who asks for the head only is not held', async (t) => {
  const { port, opened } = await startStreams(t);
  const answer = await ask(t, port, 'HEAD');
  t.is(answer.headers['content-type'], 'text/event-stream');
  await opened().closed;
  t.pass();
});
