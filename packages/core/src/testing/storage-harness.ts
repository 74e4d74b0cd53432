import type { StorageAdapter } from '../storage-adapter.ts';
import type { Declaration } from './conformance-case.ts';

/** What there may be no such thing as with a storage. */
export const storageAbilities = {
  'opens again': 'a storage that is made anew for a place finds what another one has stored there and then stopped',
  'opens twice': 'two storages are open for the same place at once, as two processes would have it',
  'hears others': 'processes on the same place can tell each other, so that nobody waits for a look at it',
  'joins transactions': 'a host can have a transaction open on what the storage keeps its data in',
  locks: 'somebody else can keep the storage from writing for a while',
} as const;

export type StorageAbility = keyof typeof storageAbilities;

/** How time passes for a storage that goes by a clock of its own, such as a database server's. */
export interface OwnClock {
  /** Lets that many milliseconds pass: moves the clock where it can be moved, and waits where it cannot. */
  readonly pass: (ms: number) => Promise<void>;
  /** How long the leases, waits and pauses of the cases are, in milliseconds: long beside the time that a call takes. */
  readonly spanMs: number;
}

/** A transaction that a host has open. */
export interface HostTransaction {
  /** What the host hands the engine. */
  readonly within: unknown;
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
}

/** What the author of a storage provides to prove it. */
export interface StorageHarness extends Declaration<StorageAbility> {
  /**
   * Makes a storage that has not been started, for a place: a file, a schema. The name of the place has lower-case
   * letters, digits and underscores. A new name means an empty place, and no two cases use the same.
   */
  readonly createStorage: (place: string) => StorageAdapter;
  /** `engine` when it goes by the clock that `start` hands it, which the cases then move. */
  readonly clock: 'engine' | OwnClock;
  /** Begins a transaction as a host would, on a place that has a storage which was started. */
  readonly begin?: (place: string) => Promise<HostTransaction>;
  /** Keeps the storages of a place from writing, as another program might, and answers what lets them write again. */
  readonly lock?: (place: string) => Promise<() => Promise<void>>;
}
