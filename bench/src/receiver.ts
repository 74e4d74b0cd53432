// The receiver, a process of its own. It speaks as much HTTP as the contestants do and no more, because it must not be
// what limits them: node:http would take longer for a request than the fastest contestant. What is checked of each request
// is looked at as bytes; only the few whose signatures are checked become strings.

import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { distinctIds } from './distinct-ids.ts';
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
  /** What this process computed since the run began, in microseconds. */
  readonly cpuMicros: number;
  /** When each record arrived last, in milliseconds on the clock of `process.hrtime`. */
  readonly receivedAt: Float64Array;
}

/** A run without any arrival for so long will not end by itself. In milliseconds. */
const patienceMs = 10_000;
/** One request in so many has its signature checked. */
const checkEvery = 50;
const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const key = createSecretKey(Buffer.from((process.argv[2] ?? '').replace('whsec_', ''), 'base64'));
let run = newRun({ records: 0, fanOut: 1 });

function newRun(workload: Workload) {
  const expected = workload.records * workload.fanOut;
  return {
    workload,
    expected,
    arrivals: new Uint8Array((workload.records + 1) * (laneCount + 1)),
    deliveryIds: distinctIds(expected),
    receivedAt: new Float64Array(workload.records + 1),
    received: 0,
    unexpected: 0,
    badSignatures: 0,
    bytes: 0,
    bodyChecksum: 0,
    cpuBefore: process.cpuUsage(),
    lastAt: performance.now(),
    ended: false,
  };
}

const endOfHead = Buffer.from('\r\n\r\n');
const contentLength = Buffer.from('\r\ncontent-length: ');
const webhookId = Buffer.from('\r\nwebhook-id: ');
const webhookNumber = Buffer.from('{"webhook_id":');
const recordNumber = Buffer.from('"data":{"id":');
const lengthOfPost = 'POST /'.length;
/** The number of the record stands within so many bytes from the beginning of a body. */
const beginningBytes = 160;

/** Takes the request that lies in a buffer, from its first byte to the last of its body. */
function take(buffer: Buffer, start: number, headEnd: number, bodyEnd: number, nowMs: number): void {
  const bodyStart = headEnd + endOfHead.length;
  const body = buffer.subarray(bodyStart, bodyEnd);
  run.received += 1;
  run.bodyChecksum += crc32(body);
  run.bytes += bodyEnd - start;
  const lane = numberAt(buffer, start + lengthOfPost);
  const idStart = after(buffer, webhookId, start, headEnd);
  // A request without an id has none that is different.
  if (idStart > 0) run.deliveryIds.add(buffer, idStart, buffer.indexOf(13, idStart));
  if (run.received % checkEvery === 1 && !isSigned(buffer.toString('latin1', start, headEnd), body)) run.badSignatures += 1;
  const beginningEnd = Math.min(bodyStart + beginningBytes, bodyEnd);
  const named = numberAfter(buffer, webhookNumber, bodyStart, beginningEnd);
  const record = numberAfter(buffer, recordNumber, bodyStart, beginningEnd);
  if (record < 1 || record > run.workload.records || lane !== named || !(lane >= 1 && lane <= laneCount)) run.unexpected += 1;
  else {
    const index = record * (laneCount + 1) + lane;
    run.arrivals[index] = Math.min(255, (run.arrivals[index] ?? 0) + 1);
    run.receivedAt[record] = nowMs;
  }
  if (run.received === run.expected) end('complete');
}

/** Where `what` ends between two places, or 0. */
function after(buffer: Buffer, what: Buffer, from: number, to: number): number {
  const found = buffer.indexOf(what, from);
  return found < 0 || found >= to ? 0 : found + what.length;
}

function numberAfter(buffer: Buffer, what: Buffer, from: number, to: number): number {
  const start = after(buffer, what, from, to);
  return start === 0 ? 0 : numberAt(buffer, start);
}

/** The number that begins at a place; 0 where there is none. */
function numberAt(buffer: Buffer, start: number): number {
  let number = 0;
  for (let at = start; ; at += 1) {
    const digit = (buffer[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return number;
    number = number * 10 + digit;
  }
}

function isSigned(head: string, body: Buffer): boolean {
  const deliveryId = /webhook-id: (\S+)/.exec(head)?.[1] ?? '';
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
  const { user, system } = process.cpuUsage(run.cpuBefore);
  const cpuMicros = user + system;
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
  return {
    received,
    repeated,
    unexpected,
    missing,
    deliveryIds: deliveryIds.count(),
    badSignatures,
    bytes,
    bodyChecksum,
    cpuMicros,
    receivedAt,
  };
}

/** Takes requests off a connection and answers each; a request may come in pieces. */
function serve(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const [seconds, nanoseconds] = process.hrtime();
    const nowMs = seconds * 1e3 + nanoseconds / 1e6;
    run.lastAt = performance.now();
    const buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    let answers = 0;
    while (start < buffer.length) {
      const headEnd = buffer.indexOf(endOfHead, start);
      if (headEnd < 0) break;
      const bodyEnd = headEnd + endOfHead.length + numberAfter(buffer, contentLength, start, headEnd);
      if (buffer.length < bodyEnd) break;
      take(buffer, start, headEnd, bodyEnd, nowMs);
      answers += 1;
      start = bodyEnd;
    }
    if (answers > 0) socket.write(answers === 1 ? answer : answer.repeat(answers), 'latin1');
    rest = start === buffer.length ? null : buffer.subarray(start);
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
  if (!run.ended && run.expected > 0 && performance.now() - run.lastAt > patienceMs) end('stalled');
}, 500);

const servers = await Promise.all(Array.from({ length: originCount }, listen));
tell({ type: 'listening', origins: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`) });
