// Checked by the compiler and never run: `npx tsc -b` fails when something here does not compile that must, and when
// something compiles that must not, because an expected error that does not come is an error itself.

import {
  createEngine,
  defineCatalog,
  ontraportCatalog,
  type Engine,
  type HookwellErrorCode,
  type StorageAdapter,
  type Topic,
  type TransportAdapter,
} from '@hookwell/core';

declare const storage: StorageAdapter;
declare const transports: readonly TransportAdapter[];
declare const tag: { readonly id: number };
declare const anyText: string;
declare const cars: bigint;
const input = { accountId: 7, objectType: 0, record: { id: 8 } };

export async function ready(): Promise<void> {
  const engine = createEngine({ storage, transports, catalog: ontraportCatalog });
  await engine.emit('sub_tag(3)', input);
  await engine.emit(`sub_tag(${tag.id})`, input);
  await engine.emit(`object_create(${cars})`, { ...input, objectType: 'Car' });
  await engine.emit('object_submits_form(0)', { ...input, occurredAt: new Date(), idempotencyKey: 'submission 5' });

  // @ts-expect-error a topic has the number of its target
  await engine.emit('sub_tag', input);
  // @ts-expect-error a misspelt event
  await engine.emit('sub_tga(3)', input);
  // @ts-expect-error a misspelt event before a number that is known only later
  await engine.emit(`sub_tga(${tag.id})`, input);
  // @ts-expect-error a target is a number
  await engine.emit('sub_tag(three)', input);
  // @ts-expect-error a target is there
  await engine.emit('sub_tag()', input);
  // @ts-expect-error text whose event nobody knows; parse it, or take an engine whose catalog is not typed
  await engine.emit(anyText, input);
  // @ts-expect-error an event is about a record
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0 });
  // @ts-expect-error an event belongs to an account
  await engine.emit('sub_tag(3)', { objectType: 0, record: { id: 8 } });
  // @ts-expect-error no form can carry an object
  await engine.emit('sub_tag(3)', { ...input, record: { id: 8, address: { city: 'Graz' } } });
  // @ts-expect-error an event of another catalog
  await engine.emit('purchase_product(5)', input);
}

export async function customised(): Promise<void> {
  const catalog = defineCatalog({
    objectTypes: [
      ...ontraportCatalog.definition.objectTypes,
      { id: 10_001, name: 'Car', fields: ['id', 'make', 'model', 'year'] },
    ],
    events: { ...ontraportCatalog.definition.events, purchase_product: { parameter: 'product_id' } },
  });
  const engine = createEngine({ storage, transports, catalog });
  await engine.emit('purchase_product(5)', input);
  await engine.emit('sub_tag(3)', input);
  // @ts-expect-error a misspelt event of the host's own
  await engine.emit('purchase_produkt(5)', input);

  const alone = defineCatalog({
    objectTypes: [{ id: 0, name: 'Contact', fields: ['id'] }],
    events: { purchase_product: { parameter: 'product_id' } },
  });
  const small = createEngine({ storage, transports, catalog: alone });
  await small.emit('purchase_product(5)', input);
  // @ts-expect-error this catalog has no tags
  await small.emit('sub_tag(3)', input);

  // @ts-expect-error an event type says what its number is called
  defineCatalog({ objectTypes: [], events: { purchase_product: {} } });
  // @ts-expect-error an object type has fields
  defineCatalog({ objectTypes: [{ id: 0, name: 'Contact' }], events: {} });
}

export const topic: Topic<'sub_tag' | 'unsub_tag'> = 'unsub_tag(3)';
// @ts-expect-error not one of the two
export const otherTopic: Topic<'sub_tag' | 'unsub_tag'> = 'object_create(0)';

/** Where the event is known only at run time, as in the Express plugin, any event may be named. */
export async function untyped(engine: Engine): Promise<void> {
  await engine.emit('whatever(3)', input);
  // @ts-expect-error a target is there all the same
  await engine.emit('whatever', input);
}

export function listening(engine: Engine<'sub_tag'>): void {
  engine.events.on('subscription:suspended', ({ subscription, reason, next }) => {
    const texts: readonly string[] = [subscription.url, reason, next];
    return texts;
  });
  engine.events.once('delivery:failed', ({ outcome }) => {
    const kind: 'delivered' | 'retry' | 'failed' | 'cancelled' = outcome.outcome;
    return kind;
  });
  engine.events.on('error', (error) => error.message);
  // @ts-expect-error a misspelt notice
  engine.events.on('subscription:suspendet', () => undefined);
  // @ts-expect-error a suspension has no outcome
  engine.events.on('subscription:suspended', ({ outcome }) => outcome);
  // @ts-expect-error a notice that was stored has no subscription
  engine.events.on('event:stored', ({ subscription }) => subscription);
}

export async function managing(engine: Engine): Promise<void> {
  await engine.subscriptions.create({ accountId: '7', url: 'https://example.com/', topic: 'sub_tag(3)', encoding: 'json' });
  // @ts-expect-error payloads are forms or JSON
  await engine.subscriptions.create({ accountId: '7', url: 'https://example.com/', topic: 'sub_tag(3)', encoding: 'xml' });
  // @ts-expect-error a subscription goes somewhere
  await engine.subscriptions.create({ accountId: '7', topic: 'sub_tag(3)' });
  const { rows, total } = await engine.deliveries.attempts(7, {
    where: { kind: 'compare', field: 'outcome', operator: '=', value: 'failed' },
  });
  const shown: readonly [string, number] = [rows[0]?.reason ?? '', total];
  // @ts-expect-error attempts have no such column
  await engine.deliveries.attempts(7, { where: { kind: 'compare', field: 'event', operator: '=', value: shown[0] } });
  // @ts-expect-error lists are of one account
  await engine.subscriptions.list();
}

export function options(): void {
  createEngine({ storage, transports, catalog: ontraportCatalog, retry: { jitter: 0 }, health: { probeEveryMs: 60_000 } });
  // @ts-expect-error a misspelt option
  createEngine({ storage, transports, catalog: ontraportCatalog, concurency: 5 });
  // @ts-expect-error an engine needs transports
  createEngine({ storage, catalog: ontraportCatalog });
  // @ts-expect-error a storage has every member of its port
  createEngine({ storage: { name: 'mine', start: async () => undefined }, transports, catalog: ontraportCatalog });
}

export const code: HookwellErrorCode = 'invalid_record';
// @ts-expect-error a misspelt code
export const otherCode: HookwellErrorCode = 'invalid_recrod';
