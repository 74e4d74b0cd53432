// A host with an engine in it, to be killed. Its first line of standard input says what it is to do, as JSON; orders
// follow, a line each. It creates records and emits their events for as long as it lives, and delivers.

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { httpTransport } from '@hookwell/adapters/http';
import { createEngine, HookwellError, ontraportCatalog } from '@hookwell/core';
import { crmRecordOf, monotonicMs, topicOf, type Fate, type Note } from './evidence.ts';
import { hostDatabase, type Whereabouts } from './host-database.ts';
import { mutantOf, mutateStorage, mutateTransport } from './mutants.ts';
import { notebook } from './notebook.ts';
import { isWithin } from './oracle.ts';
import { Points, type PointName } from './points.ts';
import { watchEngine } from './watch-engine.ts';

/** What a victim is to do. */
export interface VictimConfig {
  readonly holder: string;
  readonly where: Whereabouts;
  readonly notes: string;
  /** The number of its first record, a multiple of ten; the others follow. */
  readonly firstRecord: number;
  readonly leaseMs: number;
  readonly deadlineMs: number;
  readonly keepMs: number;
  /** How long each of its callers waits between two records. */
  readonly everyMs: number;
  /** Whether it creates nothing before it is told to go on. */
  readonly idle: boolean;
  /** A point that it dies at while it starts, after so many passes. */
  readonly diesAt: { readonly point: PointName; readonly passes: number } | null;
}

/** What a victim is told. */
export type VictimOrder =
  | { readonly order: 'arm'; readonly point: PointName; readonly passes: number }
  /** Creates nothing from now on, and says when what it had begun has ended. */
  | { readonly order: 'hold' }
  | { readonly order: 'go' };

/** What a victim says, a line each, on standard output. */
export type VictimWord =
  | { readonly said: 'ready' | 'held' | 'stopped' }
  | { readonly said: 'dying'; readonly point: PointName; readonly at: number };

const callers = 3;
const stallMs = { look: 100, tell: 700 };

// Whoever is killed keeps nothing for the next one.
flushCompileCache();
const lines = createInterface({ input: process.stdin });
const orders: string[] = [];
let onLine = (line: string): unknown => orders.push(line);
lines.on('line', (line) => onLine(line)).on('close', () => process.exit());
while (orders.length === 0) await once(lines, 'line');
const config = JSON.parse(orders.shift() ?? '') as VictimConfig;
const { holder, leaseMs, deadlineMs, keepMs } = config;
const mutant = mutantOf(process.env['CRASH_VICTIM_MUTANT']);
const note: (note: Note) => void = notebook(config.notes);
const points = new Points();
if (config.diesAt) points.arm(config.diesAt.point, config.diesAt.passes);
const host = hostDatabase(config.where, holder, () => points.statement());
const { watchStorage, watchTransport, plugin } = watchEngine({ holder, note, points });
const transport = httpTransport({
  protocols: ['http:'],
  allow: ['127.0.0.1:*'],
  totalMs: deadlineMs,
  connectMs: deadlineMs,
  headersMs: deadlineMs,
  connections: 50,
});
const engine = createEngine({
  storage: watchStorage(mutateStorage(host.storage, mutant)),
  transports: [mutateTransport(watchTransport(transport), mutant)],
  catalog: ontraportCatalog,
  plugins: [plugin],
  leaseMs,
  pollEveryMs: 500,
  retry: { scheduleMs: Array.from({ length: 60 }, () => 250) },
  health: { suspendAfterFailures: 1_000_000 },
  retention: { deliveredMs: keepMs, failedMs: keepMs, everyMs: 1_000 },
});
engine.events.on('error', (error) => note({ note: 'error', at: monotonicMs(), message: error.message }));

const say = (word: VictimWord): void => void writeSync(1, `${JSON.stringify(word)}\n`);
let nextRecord = config.firstRecord;
let held = config.idle;
let stopping = false;
let calling = 0;
let goOn = Promise.withResolvers<void>();

/** Creates one record, in one of the ways in which hosts do, and notes what became of it when that is known. */
async function create(record: number): Promise<void> {
  const within = isWithin(record);
  let from = monotonicMs();
  const noteFate = (fate: Fate): void => note({ note: 'fate', fate, record, within, from, at: monotonicMs() });
  const input = { accountId: 1, objectType: 0, record: { id: crmRecordOf(record), firstname: `Contact ${record}` } };
  const emit = async (transaction?: unknown): Promise<unknown> => {
    from = monotonicMs();
    return engine.emit(topicOf(record), input, transaction === undefined ? {} : { within: transaction });
  };
  if (mutant === 'ack-before-commit') noteFate('acked');
  if (within) {
    const alongside = mutant === 'emit-beside' ? async () => emit() : emit;
    const fate = await host.create(record, alongside, record % 10 < 2);
    if (mutant !== 'ack-before-commit') noteFate(fate);
    return;
  }
  try {
    await emit();
    if (mutant !== 'ack-before-commit') noteFate('acked');
  } catch (error) {
    noteFate(HookwellError.is(error, 'storage_busy') ? 'unknown' : 'undone');
    note({ note: 'error', at: monotonicMs(), message: `emit: ${String(error)}` });
  }
}

async function call(): Promise<void> {
  for (;;) {
    if (held) await goOn.promise;
    if (stopping) return;
    const record = nextRecord;
    nextRecord += 1;
    calling += 1;
    await create(record).catch((error: unknown) => note({ note: 'error', at: monotonicMs(), message: `host: ${String(error)}` }));
    calling -= 1;
    if (held && calling === 0) say({ said: 'held' });
    await pause(config.everyMs * (0.5 + Math.random()));
  }
}

function obey(order: VictimOrder): void {
  if (order.order === 'arm') points.arm(order.point, order.passes);
  if (order.order === 'hold') {
    held = true;
    if (calling === 0) say({ said: 'held' });
  }
  if (order.order === 'go') {
    held = false;
    goOn.resolve();
    goOn = Promise.withResolvers();
  }
}

async function stop(): Promise<void> {
  if (mutant === 'no-graceful-stop') process.exit(0);
  stopping = true;
  goOn.resolve();
  await Promise.all(calls);
  await engine.stop();
  await host.close();
  say({ said: 'stopped' });
  process.exit(0);
}

let lookedAt = monotonicMs();
setInterval(() => {
  const at = monotonicMs();
  if (at - lookedAt > stallMs.tell) note({ note: 'stalled', from: lookedAt, at });
  lookedAt = at;
}, stallMs.look).unref();

await engine.start();
say({ said: 'ready' });
const calls = Array.from({ length: callers }, call);
process.once('SIGTERM', () => void stop());
onLine = (line) => obey(JSON.parse(line) as VictimOrder);
for (const line of orders) onLine(line);
