// A process with an engine of its own on a schema that others share: `fork('processes-process.ts', [SETTING])`.

import { httpTransport } from '@hookwell/adapters/http';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { createEngine, ontraportCatalog, type StorageAdapter } from '@hookwell/core';
import { Pool } from 'pg';
import { topicOf } from './processes-load.ts';
import { CountingClient, statements } from './processes-statements.ts';

/** What a process is made with. */
export interface ProcessSetting {
  /** Whoever it sends to reads this in the header `x-sender`; every id and fence that it makes ends with it. */
  readonly name: string;
  readonly url: string;
  readonly schema: string;
  readonly leaseMs: number;
  /** The total deadline of a request. */
  readonly totalMs: number;
}

/** What it is told. */
export type ProcessOrder =
  | { readonly type: 'start'; readonly deliver: boolean }
  /** To emit this many events, the first of them about the record of that id. */
  | { readonly type: 'emit'; readonly first: number; readonly count: number }
  | { readonly type: 'tell' }
  | { readonly type: 'stop' };

/** What it has done until now. */
export interface ProcessAccount {
  readonly type: 'account';
  /** How many statements of each kind it has sent to the database. */
  readonly statements: Readonly<Record<string, number>>;
  /** The ids of deliveries that it has claimed, and of those that it has begun to send. */
  readonly claimed: readonly string[];
  readonly sent: readonly string[];
  readonly errors: readonly string[];
}

/** What it answers: to each order, with its account or with no more than that it is done. */
export type ProcessAnswer = { readonly type: 'ready' } | { readonly type: 'done' } | ProcessAccount;

const { name, url, schema, leaseMs, totalMs } = JSON.parse(process.argv[2] ?? '') as ProcessSetting;
/** Calls of `emit` that wait at once. */
const emitsAtOnce = 1_000;

const claimed: string[] = [];
const sent: string[] = [];
const errors: string[] = [];
const pool = new Pool({ connectionString: url, application_name: name, Client: CountingClient });
pool.on('error', (error) => errors.push(String(error)));
const storage = postgresStorage({ pool, schema });
let ids = 0;

const watched: StorageAdapter = {
  ...storage,
  async claimDeliveries(request) {
    const result = await storage.claimDeliveries(request);
    for (const { id } of result.claims) claimed.push(id);
    return result;
  },
};
const engine = createEngine({
  storage: watched,
  catalog: ontraportCatalog,
  transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs })],
  plugins: [
    {
      name: 'sender',
      request({ deliveryId }) {
        sent.push(deliveryId);
        return ['x-sender', name];
      },
    },
  ],
  leaseMs,
  newId() {
    ids += 1;
    return `${Date.now().toString(16).padStart(12, '0')}-${ids.toString().padStart(9, '0')}-${name}`;
  },
});
engine.events.on('error', (error) => errors.push(String(error)));

async function emit(first: number, count: number): Promise<void> {
  let next = first;
  const emitOn = async (): Promise<void> => {
    while (next < first + count) {
      const id = next;
      next += 1;
      await engine.emit(topicOf(id), { accountId: 7, objectType: 0, record: { id } });
    }
  };
  await Promise.all(Array.from({ length: emitsAtOnce }, emitOn));
}

async function obey(order: ProcessOrder): Promise<ProcessAnswer> {
  if (order.type === 'start') await engine.start({ deliver: order.deliver });
  if (order.type === 'emit') await emit(order.first, order.count);
  if (order.type === 'stop') {
    await engine.stop();
    await pool.end();
  }
  if (order.type === 'start' || order.type === 'emit') return { type: 'done' };
  return { type: 'account', statements: Object.fromEntries(statements), claimed, sent, errors };
}

/** Resolves once it is on its way. */
async function tell(answer: ProcessAnswer): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send?.(answer, () => resolve());
  });
}

process.on('message', (order: ProcessOrder) => {
  void obey(order)
    .then(tell)
    .then(() => {
      if (order.type === 'stop') process.disconnect();
    });
});
await pool.query('select 1');
await tell({ type: 'ready' });
