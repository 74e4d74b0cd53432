import { HookwellError, type StorageAdapter } from '@hookwell/core';
import type { StorageHarness } from '@hookwell/core/testing';
import { memoryStorage } from '../src/memory/index.ts';

/** The query for everything, in the order of ids. */
export const everything = {
  which: 'active',
  where: null,
  sort: { field: 'id', direction: 'asc' },
  offset: 0,
  limit: 10_000,
} as const;

/** A row without one of its fields. */
export function without<Row extends object, Field extends keyof Row>(row: Row, field: Field): Omit<Row, Field> {
  const { [field]: _, ...rest } = row;
  return rest;
}

/** What the storages of one place share. */
export interface Place {
  content: StorageAdapter;
  locked: boolean;
  clock: () => number;
  /** The storage's time. */
  readonly now: () => number;
  /** What those who can hear of others are to be told by. */
  readonly listeners: Map<StorageAdapter, () => void>;
  /** Notes of a saboteur, by whatever it likes. */
  readonly notes: Map<unknown, unknown>;
}

/** Changes a sound storage into one that breaks a promise. */
export type Sabotage = (sound: StorageAdapter, place: Place) => Partial<StorageAdapter>;

/** A storage that breaks one promise, the case that must catch it, and the sentence with which. */
export interface StorageSaboteur {
  readonly does: string;
  readonly sabotage: Sabotage;
  readonly caughtBy: string;
  readonly sentence: RegExp;
}

/** A storage that looks first and acts a turn later: sound as long as it has one caller. */
export interface Racer {
  readonly does: string;
  readonly sabotage: Sabotage;
  /** The case without the part that says who calls at once. */
  readonly promise: string;
  readonly sentence: RegExp;
}

/** Each of them must be caught with one storage and with two. */
export function racing(racers: readonly Racer[]): readonly StorageSaboteur[] {
  return racers.flatMap(({ does, sabotage, promise, sentence }) =>
    ['when several call at once', 'when two storages are called at once'].map((callers) => ({
      does: `${does} (${callers})`,
      sabotage,
      caughtBy: `${promise}, ${callers}`,
      sentence,
    })),
  );
}

/**
 * Storages that several can open for one place, as databases are, on a content in memory; sound but for what a saboteur
 * changes.
 */
export function sharedMemoryHarness(sabotage: Sabotage = () => ({})): StorageHarness {
  const places = new Map<string, Place>();
  const placeOf = (name: string): Place => {
    const known = places.get(name);
    if (known) return known;
    const place: Place = {
      content: memoryStorage(),
      locked: false,
      clock: () => 0,
      now: () => place.clock(),
      listeners: new Map(),
      notes: new Map(),
    };
    places.set(name, place);
    return place;
  };
  return {
    createStorage(name) {
      const place = placeOf(name);
      const sound = openTo(place);
      return { ...sound, ...sabotage(sound, place) };
    },
    clock: 'engine',
    async lock(name) {
      placeOf(name).locked = true;
      return async () => void (placeOf(name).locked = false);
    },
    unsupported: { 'joins transactions': 'nobody else has a transaction open on what is in this process' },
  };
}

/** A storage for a place whose content is there as long as the place is, and that is open for itself alone. */
function openTo(place: Place): StorageAdapter {
  let open = false;
  const storage: Record<string, unknown> = { name: 'shared memory' };
  for (const member of Object.keys(place.content) as (keyof StorageAdapter)[]) {
    if (member === 'name') continue;
    storage[member] = async (...given: readonly unknown[]) => {
      if (!open) throw new HookwellError('storage_failed', 'It is not open.');
      if (place.locked) throw new HookwellError('storage_busy', 'Somebody else holds it.');
      return (place.content[member] as (...given: readonly unknown[]) => Promise<unknown>)(...given);
    };
  }
  const adapter: StorageAdapter = {
    ...(storage as unknown as StorageAdapter),
    async start(context) {
      if (!open) {
        place.clock = context.now;
        await place.content.start(context);
        if (context.onDue) place.listeners.set(adapter, context.onDue);
      }
      open = true;
    },
    async announceDue() {
      if (!open) throw new HookwellError('storage_failed', 'It is not open.');
      for (const [listening, onDue] of place.listeners) if (listening !== adapter) onDue();
    },
    async stop() {
      place.listeners.delete(adapter);
      open = false;
    },
  };
  return adapter;
}

/** Sound storages that go by a clock of their own, which runs with every look at it and is moved as the suite asks. */
export function ownClockHarness(): StorageHarness {
  let time = Date.UTC(2031, 5, 1);
  const now = (): number => (time += 1);
  return {
    ...sharedMemoryHarness((sound) => ({ start: async (context) => sound.start({ ...context, now }) })),
    clock: {
      spanMs: 20_000,
      async pass(ms) {
        time += ms;
      },
    },
  };
}
