import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { resolveOptions, type TransportAdapter } from '@hookwell/core';
import test from 'ava';
import { buildConnector } from 'undici';
import { AddressGuard } from '../src/http/address-guard.ts';
import { Connection } from '../src/http/connection.ts';
import { httpTransportOver } from '../src/http/http-transport.ts';
import { HttpTransportOptionsSchema } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

/** How long bytes take one way to the far receiver, in milliseconds. */
const oneWayMs = 100;

/** A socket to a receiver that is far away: what is written arrives late, and what it sends is read late. */
class FarSocket extends Duplex {
  readonly #near: Socket;

  constructor(near: Socket) {
    super();
    this.#near = near;
    const later = (act: () => void): void => void setTimeout(act, oneWayMs);
    near.on('data', (part: Buffer) => later(() => this.push(part)));
    near.on('end', () => later(() => this.push(null)));
    near.on('error', (error) => later(() => this.destroy(error)));
  }

  override _read(): void {}

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    setTimeout(() => this.#near.write(part), oneWayMs);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#near.destroy();
    done(error);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

async function farTransport(): Promise<TransportAdapter> {
  const near = buildConnector({ allowH2: false });
  const options = resolveOptions(
    HttpTransportOptionsSchema,
    { protocols: ['http:'], allow: ['127.0.0.1:*'], connections: 1 },
    'httpTransport',
  );
  const transport = httpTransportOver(
    (target, callback) => {
      near(target, (...[error, socket]) => {
        if (error) callback(error, null);
        else {
          const far = new FarSocket(socket) as unknown as Socket;
          setTimeout(() => callback(null, far), 2 * oneWayMs);
        }
      });
    },
    new AddressGuard(options),
    options,
  );
  await transport.start({ now: Date.now });
  return transport;
}

/** Answers the first request on each connection; what happens at the next one is the test's. */
async function receiver(onSecond: (socket: Socket) => void): Promise<{ url: string; sockets: Socket[]; seconds: () => number }> {
  const sockets: Socket[] = [];
  let seconds = 0;
  const server = createServer((socket) => {
    let requests = 0;
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      if (!part.toString().includes('POST ')) return;
      requests += 1;
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      else {
        seconds += 1;
        onSecond(socket);
      }
    });
  });
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets, seconds: () => seconds };
}

test('a request that crosses with the closing of a kept connection is unsent', async (t) => {
  const { url, sockets, seconds } = await receiver(() => t.fail('the receiver got the request'));
  const transport = await farTransport();
  t.like(await transport.send(requestTo(url)), { ok: true });
  // The receiver closes; its word of that is still on the way when the next request is written.
  sockets[0]?.end();
  await new Promise((resolve) => setTimeout(resolve, oneWayMs * 0.7));
  t.like(await transport.send(requestTo(url)), {
    ok: false,
    fault: 'endpoint',
    reason: 'connection closed by the receiver',
    unsent: true,
  });
  t.is(seconds(), 0);
  t.like(await transport.send(requestTo(url)), { ok: true }, 'the next try goes over a new connection');
  await transport.stop();
});

test('a request that the receiver has had before it closed the kept connection is not unsent', async (t) => {
  const { url, seconds } = await receiver((socket) => socket.end());
  const transport = await farTransport();
  t.like(await transport.send(requestTo(url)), { ok: true });
  t.like(await transport.send(requestTo(url)), { ok: false, reason: 'connection closed by the receiver', unsent: false });
  t.is(seconds(), 1);
  await transport.stop();
});

test('a request to a near receiver is not called unsent, because its time there and back cannot be measured', (t) => {
  const connection = new Connection();
  connection.opened(9, false);
  connection.answered(9);
  t.false(connection.isBeforeArrival(0));
});

test('of all that a connection took, the shortest is nearest to a round trip, and TLS takes two', (t) => {
  const connection = new Connection();
  connection.opened(400, true);
  t.true(connection.isBeforeArrival(99));
  t.false(connection.isBeforeArrival(100));
  connection.answered(40);
  connection.answered(90);
  t.true(connection.isBeforeArrival(19));
  t.false(connection.isBeforeArrival(20));
});

test('a request on a new connection is never unsent', async (t) => {
  const { url, sockets } = await receiver(() => undefined);
  const transport = await farTransport();
  const sent = transport.send(requestTo(url));
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, oneWayMs * 1.5));
  sockets[0]?.end();
  t.like(await sent, { ok: false, unsent: false });
  await transport.stop();
});
