import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import {
  contactPlans,
  createEngine,
  defineCatalog,
  ontraportCatalog,
  type Engine,
  type EngineOptionsInput,
  type HookwellErrorCode,
  type Plugin,
} from '@hookwell/core';
import Database from 'better-sqlite3';

/** The event names of the ready-made catalog. */
type EventName = 'object_create' | 'object_submits_form' | 'sub_tag' | 'unsub_tag';

/** What the examples are made with. */
export interface ExampleContext {
  /** An empty folder. */
  readonly folder: string;
  /** An engine that runs, on plan `basic`. */
  readonly engine: Engine<EventName>;
}

const maxPendingEmits = 100;
const mary = { id: 8, firstname: 'Mary', email: 'mary@example.com' };
const tagged = { accountId: 1, objectType: 'Contact', record: mary };
const subscription = { accountId: 1, url: 'https://example.com/hooks', topic: 'sub_tag(3)' };

/** The options of the engine of the examples. Its ids are the same each time, because messages name them. */
export function exampleOptions(): EngineOptionsInput<EventName> {
  let ids = 0;
  return {
    storage: sqliteStorage({ filename: ':memory:' }),
    transports: [httpTransport()],
    catalog: ontraportCatalog,
    plugins: [contactPlans({ planOf: () => 'basic' })],
    maxPendingEmits,
    newId() {
      ids += 1;
      return `019a0000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
    },
  };
}

/** For each code something that throws it: the messages on the page are those that it really throws. */
export const errorExamples: Readonly<Record<HookwellErrorCode, (context: ExampleContext) => unknown>> = {
  async idempotency_conflict({ engine }) {
    await engine.emit('sub_tag(3)', { ...tagged, idempotencyKey: 'order-1001' });
    await engine.emit('sub_tag(4)', { ...tagged, idempotencyKey: 'order-1001' });
  },
  invalid_catalog: () =>
    defineCatalog({
      objectTypes: [{ id: 10_001, name: 'Car', fields: ['make', 'model'] }],
      events: ontraportCatalog.definition.events,
    }),
  invalid_data: async ({ engine }) => engine.subscriptions.create({ ...subscription, data: 'x'.repeat(5_000) }),
  invalid_input: async ({ engine }) => engine.emit('sub_tag(3)', { ...tagged, accountId: '' }),
  invalid_option: () => httpTransport({ totalMS: 10_000 } as object),
  invalid_query: async ({ engine }) => engine.subscriptions.list(1, { sort: { field: 'owner' as 'id', direction: 'asc' } }),
  invalid_record: async ({ engine }) => engine.emit('sub_tag(3)', { ...tagged, record: { id: 8, first_name: 'Mary' } }),
  invalid_topic: async ({ engine }) => engine.emit('sub_tag' as 'sub_tag(0)', tagged),
  invalid_url: async ({ engine }) => engine.subscriptions.create({ ...subscription, url: 'http://example.com/hooks' }),
  not_found: async ({ engine }) => engine.subscriptions.get(1, 12),
  not_permitted: async ({ engine }) => engine.subscriptions.create({ ...subscription, topic: 'object_create(149)' }),
  not_running: async () => createEngine(exampleOptions()).emit('sub_tag(3)', tagged),
  async overloaded({ engine }) {
    const calls = Array.from({ length: maxPendingEmits + 1 }, async () => engine.emit('sub_tag(3)', tagged));
    const settled = await Promise.allSettled(calls);
    for (const call of settled) if (call.status === 'rejected') throw call.reason;
  },
  async plugin_failed() {
    const plugin: Plugin = { name: 'busy-hours', match: (_event, [first]) => (first ? [first, first] : []) };
    const engine = createEngine({ ...exampleOptions(), plugins: [plugin] });
    await engine.start({ deliver: false });
    try {
      await engine.subscriptions.create(subscription);
      await engine.emit('sub_tag(3)', tagged);
    } finally {
      await engine.stop();
    }
  },
  async storage_busy({ folder }) {
    const database = new Database(join(folder, 'crm.db'));
    try {
      database.exec('begin');
      await sqliteStorage({ database }).start({ now: Date.now });
    } finally {
      database.close();
    }
  },
  async storage_failed({ folder }) {
    const filename = join(folder, 'contacts.csv');
    writeFileSync(filename, 'id,firstname,lastname\n8,Mary,Jones\n'.repeat(100));
    await sqliteStorage({ filename }).start({ now: Date.now });
  },
  unknown_event: async ({ engine }) => engine.emit('sub_tga(3)' as 'sub_tag(3)', tagged),
  unknown_format: async ({ engine }) => engine.subscriptions.create({ ...subscription, format: 'lightwieght' }),
  unknown_object_type: async ({ engine }) => engine.emit('sub_tag(3)', { ...tagged, objectType: 'Car' }),
  wrong_state: async ({ engine }) => engine.deliveries.replay(1, '019a0000-0000-7000-8000-000000000099'),
};
