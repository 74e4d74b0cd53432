import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import {
  createEngine,
  defineCatalog,
  ontraportCatalog,
  type Engine,
  type EngineEvents,
  type EngineOptionsInput,
  type Fault,
  type StorageAdapter,
  type TransportAdapter,
  type TransportRequest,
  type TransportResult,
} from '@hookwell/core';
import { testClock, type TestClock } from '@hookwell/core/testing';
import type { ExecutionContext } from 'ava';

/** The time at which moved clocks begin, in milliseconds since the epoch. */
export const noon = Date.UTC(2026, 0, 15, 12);

/** The catalog of these tests: contacts of five fields, cars as a custom object, and an event of the host's own. */
export const catalog = defineCatalog({
  objectTypes: [
    {
      id: 0,
      name: 'Contact',
      fields: ['id', 'firstname', 'lastname', 'email', 'phone'],
      lightweight: ['id', 'firstname', 'lastname', 'email'],
    },
    { id: 10_001, name: 'Car', fields: ['id', 'make', 'model', 'year', 'colour', 'price'] },
  ],
  events: { ...ontraportCatalog.definition.events, purchase_product: { parameter: 'product_id' } },
});

/** The names of the catalog's events. */
export type EventName = 'object_create' | 'object_submits_form' | 'sub_tag' | 'unsub_tag' | 'purchase_product';

/** A kind of storage that every engine must work on. */
export interface StorageKind {
  readonly name: string;
  /** Makes an empty one for a test, which is gone when the test has ended. */
  readonly make: (t: ExecutionContext) => StorageAdapter;
}

/** The path of an SQLite file for a test. */
export function temporaryFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-engine-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'webhooks.db');
}

/** The embedded default. */
export const sqlite: StorageKind = { name: 'sqlite', make: (t) => sqliteStorage({ filename: temporaryFile(t) }) };

/** A notice as an engine told it. */
export interface Told {
  readonly name: keyof EngineEvents;
  readonly notice: unknown;
}

const noticeNames: readonly (keyof EngineEvents)[] = [
  'event:stored',
  'event:cut',
  'subscription:created',
  'subscription:updated',
  'subscription:failing',
  'subscription:warning',
  'subscription:cut',
  'subscription:suspended',
  'subscription:recovered',
  'subscription:paused',
  'subscription:resumed',
  'subscription:unsubscribed',
  'delivery:delivered',
  'delivery:retrying',
  'delivery:failed',
  'delivery:cancelled',
  'delivery:superseded',
  'replay:completed',
  'replay:failed',
  'replay:cancelled',
  'error',
];

/** Writes down all that an engine tells. */
function listenTo(engine: Engine): Told[] {
  const told: Told[] = [];
  for (const name of noticeNames) engine.events.on(name, (notice: unknown) => told.push({ name, notice }));
  return told;
}

/** The notices of one name. */
export function toldAs<Name extends keyof EngineEvents>(told: readonly Told[], name: Name): Parameters<EngineEvents[Name]>[0][] {
  return told.filter((one) => one.name === name).map((one) => one.notice as Parameters<EngineEvents[Name]>[0]);
}

/** An engine that runs, with the clock it goes by and what it tells. */
export interface Running {
  readonly engine: Engine<EventName>;
  readonly clock: TestClock;
  readonly told: readonly Told[];
}

/** An engine for a test: with a clock that is moved, and stopped when the test ends. */
export function makeEngine(
  t: ExecutionContext,
  storage: StorageAdapter,
  options: Partial<EngineOptionsInput<EventName>> = {},
): Running {
  const clock = testClock(noon);
  const engine = createEngine<EventName>({
    storage,
    catalog,
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    random: () => 0.5,
    // So that no lane becomes slow because the machine is.
    slowAfterMs: 300_000,
    ...options,
  });
  t.teardown(async () => engine.stop());
  return { engine, clock, told: listenTo(engine as Engine) };
}

/** An engine that only delivers when `deliverDue` is called, so that a test moves the clock and sees each step. */
export async function startByHand(
  t: ExecutionContext,
  storage: StorageAdapter,
  options: Partial<EngineOptionsInput<EventName>> = {},
): Promise<Running> {
  const running = makeEngine(t, storage, options);
  await running.engine.start({ deliver: false });
  return running;
}

/** An engine that sleeps keeps no process alive, and so no test that waits for it to wake. */
export function stayAwake(t: ExecutionContext): void {
  const timer = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(timer));
}

/** An engine that delivers by itself, on the machine's own clocks. */
export async function startForReal(
  t: ExecutionContext,
  storage: StorageAdapter,
  options: Partial<EngineOptionsInput<EventName>> = {},
): Promise<Running> {
  stayAwake(t);
  const running = makeEngine(t, storage, { now: Date.now, monotonicNow: () => performance.now(), ...options });
  await running.engine.start();
  return running;
}

/** A request as it arrived. */
interface Arrived {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  /** The body, byte for byte. */
  readonly raw: Buffer;
  readonly body: string;
}

/** What a receiver does: a status, an answer in full, or nothing at all. */
export type Answer =
  | number
  | 'never'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

/** A receiver on loopback whose answers a test decides. */
export interface Receiver {
  readonly url: (path: string) => string;
  readonly arrived: readonly Arrived[];
  /** The bodies that arrived for a path. */
  readonly bodies: (path: string) => readonly string[];
  /** Decides the answers from now on. */
  answer: (request: Arrived) => Answer | Promise<Answer>;
  /** Resolves as soon as that holds, looked at whenever something arrives. */
  readonly until: (holds: () => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts a receiver that answers 200 until it is told otherwise. */
export async function startReceiver(t: ExecutionContext, answer: Receiver['answer'] = () => 200): Promise<Receiver> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { url: path = '', method = '', headers } = request;
      const raw = Buffer.concat(parts);
      const one = { path, method, headers, raw, body: raw.toString('utf8') };
      arrived.push(one);
      for (const look of waiting) look();
      void Promise.resolve(receiver.answer(one)).then((given) => {
        if (given === 'never') return;
        const { status, headers: sent = {}, body = '' } = typeof given === 'number' ? { status: given } : given;
        response.writeHead(status, sent).end(body);
      });
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    arrived,
    bodies: (path) => arrived.filter((one) => one.path === path).map(({ body }) => body),
    answer,
    async until(holds) {
      if (holds()) return;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  t.teardown(receiver.close);
  return receiver;
}

/** A transport for `script:` URLs whose results a test decides. */
export interface ScriptedTransport extends TransportAdapter {
  /** Decides the results from now on. */
  result: (request: TransportRequest) => TransportResult | Promise<TransportResult>;
  readonly sent: readonly TransportRequest[];
}

export const delivered: TransportResult = { ok: true, status: 200, answer: '' };

export function failed(
  fault: Fault,
  reason: string,
  more: Partial<Extract<TransportResult, { ok: false }>> = {},
): TransportResult {
  return { ok: false, fault, reason, status: 0, answer: '', retryAfterMs: null, unsent: false, ...more };
}

export function scriptedTransport(result: ScriptedTransport['result'] = () => delivered): ScriptedTransport {
  const sent: TransportRequest[] = [];
  const transport: ScriptedTransport = {
    name: 'scripted',
    schemes: ['script:'],
    deadlineMs: 1_000,
    start: async () => undefined,
    checkUrl: () => null,
    result,
    sent,
    async send(request) {
      sent.push(request);
      return transport.result(request);
    },
    stop: async () => undefined,
  };
  return transport;
}

/** A transport for `script:` URLs that answers when it is told to. */
export function slowTransport() {
  const answers: ((result: TransportResult) => void)[] = [];
  const transport = scriptedTransport(
    async () =>
      new Promise((resolve) => {
        answers.push(resolve);
      }),
  );
  /** Answers all requests, those that are yet to come as well, so that an engine can stop. */
  const answerAll = (): void => {
    transport.result = () => delivered;
    for (const answer of answers) answer(delivered);
  };
  /** Resolves once so many requests were sent. */
  const sent = async (count: number): Promise<void> => {
    while (answers.length < count) await new Promise(setImmediate);
  };
  return { transport, answers, answerAll, sent };
}

/** The record of most tests. */
export const mary = { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' };
