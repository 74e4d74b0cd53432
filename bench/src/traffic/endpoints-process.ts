// The endpoints, all of them in a process of their own. It speaks as much HTTP as the contestants do and no more, because it
// must not be what limits them.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { behaviours, retryAfterSeconds, type Behaviour } from './behaviours.ts';
import { monotonicMs } from './clock.ts';

/** What the bench tells this process; each call is answered, with its number. */
export type EndpointsCall =
  | { readonly type: 'begin'; readonly behaviours: Uint8Array; readonly records: number }
  | { readonly type: 'progress' }
  | { readonly type: 'report' }
  | { readonly type: 'cut' };

/** Records that have arrived at endpoints that answer, each counted once, and how long ago the last request came, in ms. */
export interface Progress {
  readonly arrived: number;
  readonly silentMs: number;
}

/** What arrived in one run. Arrays go by record. */
export interface Arrivals {
  /** Requests that came for each record. */
  readonly count: Uint16Array;
  /** When the first one came, on the clock of `monotonicMs`; 0 for none. */
  readonly firstAt: Float64Array;
  /** Requests that came, by the behaviour of their endpoint. */
  readonly requests: Readonly<Record<Behaviour, number>>;
}

/** What this process answers to a call, or says once it listens. */
export type EndpointsAnswer = { readonly number: number; readonly answer: unknown } | { readonly ports: readonly number[] };

const ok = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const busy = Buffer.from(`HTTP/1.1 429 Too Many Requests\r\nretry-after: ${retryAfterSeconds}\r\ncontent-length: 4\r\n\r\nbusy`);
const beginningOfBody = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
const endlessHead = 'HTTP/1.1 200 OK\r\nx-slow: '.padEnd(10_000, 'a');
const dripEveryMs = 1_000;

let run = newRun({ behaviours: new Uint8Array(0), records: 0 });
/** Connections on which somebody waits for an answer that does not come. */
const held = new Set<Socket>();

function newRun({ behaviours: of, records }: { readonly behaviours: Uint8Array; readonly records: number }) {
  return {
    of,
    count: new Uint16Array(records + 1),
    firstAt: new Float64Array(records + 1),
    requests: { ok: 0, hang: 0, drip: 0, reset: 0, busy: 0 },
    arrived: 0,
    lastAt: monotonicMs(),
  };
}

function take(socket: Socket, head: string, body: string): void {
  const now = monotonicMs();
  run.lastAt = now;
  const endpoint = Number.parseInt(head.slice('POST /'.length), 10);
  const record = Number(/"data":\{"id":(\d+)/.exec(body)?.[1] ?? 0);
  const behaviour = behaviours[run.of[endpoint] ?? 0] ?? 'ok';
  run.requests[behaviour] += 1;
  if (record >= 1 && record < run.count.length) {
    if (run.count[record] === 0) {
      run.firstAt[record] = now;
      if (behaviour === 'ok') run.arrived += 1;
    }
    run.count[record] = Math.min(65_535, (run.count[record] ?? 0) + 1);
  }
  answer(socket, behaviour, endpoint);
}

function answer(socket: Socket, behaviour: Behaviour, endpoint: number): void {
  switch (behaviour) {
    case 'ok':
      socket.write(ok);
      return;
    case 'busy':
      socket.write(busy);
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'hang':
      held.add(socket);
      return;
    case 'drip':
      held.add(socket);
      drip(socket, endpoint % 2 === 0);
  }
}

/** Every other endpoint is slow from the first byte, and the others once the head is sent. */
function drip(socket: Socket, head: boolean): void {
  if (!head) socket.write(beginningOfBody);
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(head ? endlessHead.charAt(sent) : 'a');
    sent += 1;
  }, dripEveryMs);
  socket.once('close', () => clearInterval(timer));
}

/** Takes requests off a connection; a request may come in pieces. */
function serve(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('close', () => held.delete(socket));
  socket.on('data', (chunk: Buffer) => {
    let buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const headEnd = buffer.indexOf('\r\n\r\n');
      if (headEnd < 0) break;
      const head = buffer.toString('latin1', 0, headEnd);
      const bodyEnd = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (buffer.length < bodyEnd) break;
      // The record is named in the first bytes, whoever sends it.
      take(socket, head, buffer.toString('latin1', headEnd + 4, Math.min(bodyEnd, headEnd + 200)));
      buffer = buffer.subarray(bodyEnd);
    }
    rest = buffer.length === 0 ? null : buffer;
  });
}

function answerTo(call: EndpointsCall): unknown {
  switch (call.type) {
    case 'begin':
      run = newRun(call);
      return null;
    case 'progress':
      return { arrived: run.arrived, silentMs: monotonicMs() - run.lastAt } satisfies Progress;
    case 'report':
      return { count: run.count, firstAt: run.firstAt, requests: run.requests } satisfies Arrivals;
    case 'cut':
      for (const socket of held) socket.destroy();
      return null;
  }
}

async function listen(): Promise<Server> {
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', 511, resolve);
  });
  return server;
}

function tell(message: EndpointsAnswer): void {
  process.send?.(message);
}

process.on('message', ({ number, call }: { readonly number: number; readonly call: EndpointsCall }) => {
  tell({ number, answer: answerTo(call) });
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of a terminal; this one ends with the bench.
process.on('SIGINT', () => {});

const servers = await Promise.all(Array.from({ length: Number(process.argv[2]) }, listen));
tell({ ports: servers.map((server) => (server.address() as AddressInfo).port) });
