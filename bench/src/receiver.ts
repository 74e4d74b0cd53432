// The receiver, a process of its own. It speaks as much HTTP as the contestants do and no more, because it must not be
// what limits them: node:http would take longer for a request than the fastest contestant.

import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { laneCount, lanesOf, originCount, type Workload } from './workload.ts';

/** What the bench tells the receiver. */
export type ToReceiver = { readonly type: 'begin'; readonly workload: Workload } | { readonly type: 'report' };

/** What the receiver tells the bench. */
export type FromReceiver =
  | { readonly type: 'listening'; readonly origins: readonly string[] }
  | { readonly type: 'ready' }
  | { readonly type: 'ended'; readonly how: 'complete' | 'stalled' }
  | { readonly type: 'report'; readonly report: Report };

/** What arrived in one run. */
export interface Report {
  readonly received: number;
  /** Deliveries that arrived more than once, that nobody waited for, and that never came. */
  readonly repeated: number;
  readonly unexpected: number;
  readonly missing: number;
  /** Different `webhook-id`s. */
  readonly deliveryIds: number;
  readonly badSignatures: number;
  /** Bytes of all requests, heads included. */
  readonly bytes: number;
  /** The sum of the checksums of all bodies: equal for equal bodies, in whatever order they come. */
  readonly bodyChecksum: number;
  /** When each record arrived last, in milliseconds on the clock of `process.hrtime`. */
  readonly receivedAt: Float64Array;
}

/** A run without any arrival for so long will not end by itself. In milliseconds. */
const patienceMs = 10_000;
/** One request in so many has its signature checked. */
const checkEvery = 50;
const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const key = createSecretKey(Buffer.from((process.argv[2] ?? '').replace('whsec_', ''), 'base64'));

let run = newRun({ records: 0, fanOut: 1 });

function newRun(workload: Workload) {
  return {
    workload,
    expected: workload.records * workload.fanOut,
    arrivals: new Uint8Array((workload.records + 1) * (laneCount + 1)),
    deliveryIds: new Set<string>(),
    receivedAt: new Float64Array(workload.records + 1),
    received: 0,
    unexpected: 0,
    badSignatures: 0,
    bytes: 0,
    bodyChecksum: 0,
    lastAt: Date.now(),
    ended: false,
  };
}

function take(head: string, body: Buffer): void {
  run.received += 1;
  run.bodyChecksum += crc32(body);
  run.bytes += head.length + 4 + body.length;
  const lane = Number.parseInt(head.slice('POST /'.length), 10);
  const beginning = body.toString('latin1', 0, 160);
  const record = Number(/"data":\{"id":(\d+)/.exec(beginning)?.[1] ?? 0);
  const named = Number(/"webhook_id":(\d+)/.exec(beginning)?.[1] ?? 0);
  const deliveryId = /webhook-id: (\S+)/.exec(head)?.[1] ?? '';
  run.deliveryIds.add(deliveryId);
  if (run.received % checkEvery === 1 && !isSigned(head, deliveryId, body)) run.badSignatures += 1;
  if (record < 1 || record > run.workload.records || lane !== named || !(lane >= 1 && lane <= laneCount)) run.unexpected += 1;
  else {
    const index = record * (laneCount + 1) + lane;
    run.arrivals[index] = Math.min(255, (run.arrivals[index] ?? 0) + 1);
    run.receivedAt[record] = Number(process.hrtime.bigint()) / 1e6;
  }
  if (run.received === run.expected) end('complete');
}

function isSigned(head: string, deliveryId: string, body: Buffer): boolean {
  const timestamp = /webhook-timestamp: (\d+)/.exec(head)?.[1] ?? '';
  const given = Buffer.from(/webhook-signature: v1,(\S+)/.exec(head)?.[1] ?? '', 'base64');
  const right = createHmac('sha256', key).update(`${deliveryId}.${timestamp}.`).update(body).digest();
  return given.length === right.length && timingSafeEqual(given, right);
}

function end(how: 'complete' | 'stalled'): void {
  run.ended = true;
  tell({ type: 'ended', how });
}

function report(): Report {
  const { workload, arrivals, deliveryIds, receivedAt, received, badSignatures, bytes, bodyChecksum } = run;
  let { unexpected } = run;
  let repeated = 0;
  let missing = 0;
  for (let record = 1; record <= workload.records; record += 1) {
    const wanted = new Set(lanesOf(record, workload.fanOut));
    for (let lane = 1; lane <= laneCount; lane += 1) {
      const count = arrivals[record * (laneCount + 1) + lane] ?? 0;
      if (!wanted.has(lane)) unexpected += count;
      else if (count === 0) missing += 1;
      else if (count > 1) repeated += 1;
    }
  }
  const ids = deliveryIds.size;
  return { received, repeated, unexpected, missing, deliveryIds: ids, badSignatures, bytes, bodyChecksum, receivedAt };
}

/** Takes requests off a connection and answers each; a request may come in pieces. */
function serve(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    run.lastAt = Date.now();
    let buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const headEnd = buffer.indexOf('\r\n\r\n');
      if (headEnd < 0) break;
      const head = buffer.toString('latin1', 0, headEnd);
      const bodyEnd = headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (buffer.length < bodyEnd) break;
      take(head, buffer.subarray(headEnd + 4, bodyEnd));
      socket.write(answer);
      buffer = buffer.subarray(bodyEnd);
    }
    rest = buffer.length === 0 ? null : buffer;
  });
}

async function listen(): Promise<Server> {
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', 511, resolve);
  });
  return server;
}

function tell(message: FromReceiver): void {
  process.send?.(message);
}

process.on('message', (message: ToReceiver) => {
  if (message.type === 'report') tell({ type: 'report', report: report() });
  else {
    run = newRun(message.workload);
    tell({ type: 'ready' });
  }
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of a terminal; this one ends with the bench.
process.on('SIGINT', () => {});
setInterval(() => {
  if (!run.ended && run.expected > 0 && Date.now() - run.lastAt > patienceMs) end('stalled');
}, 500);

const servers = await Promise.all(Array.from({ length: originCount }, listen));
tell({ type: 'listening', origins: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`) });
