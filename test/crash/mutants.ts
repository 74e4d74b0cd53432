import type { StorageAdapter, TransportAdapter } from '@hookwell/core';
import { setTimeout as pause } from 'node:timers/promises';

/** Victims with a bug of their own, each of which the oracle must find: what they are called, and what it must say. */
export const mutants = {
  /** Reports before the commit. */
  'ack-before-commit': 'lost',
  /** Emits beside the transaction instead of in it. */
  'emit-beside': 'phantom',
  /** Has it recorded as delivered before it is sent. */
  'done-before-send': 'lost',
  /** Takes leases that are shorter than it believes. */
  'short-lease': 'unexplained',
  /** Ends at once when it is asked to stop. */
  'no-graceful-stop': 'unexplained',
  /** Never claims what others have left. */
  'no-takeover': 'stuck',
  /** Forgets among which deliveries each is to be sent in order. */
  'no-order': 'disordered',
} as const;

/** A victim with a bug. */
export type MutantName = keyof typeof mutants;

/** The name of a mutant, checked. */
export function mutantOf(name: string | undefined): MutantName | undefined {
  if (name === undefined || name === '') return undefined;
  if (name in mutants) return name as MutantName;
  throw new Error(`There is no mutant "${name}". Mutants: ${Object.keys(mutants).join(', ')}.`);
}

/** The bugs that are in the storage. */
export function mutateStorage(storage: StorageAdapter, mutant: MutantName | undefined): StorageAdapter {
  if (mutant === 'short-lease')
    return {
      ...storage,
      storeEvents: async (batch) => storage.storeEvents({ ...batch, leaseMs: 30 }),
      claimDeliveries: async (request) => storage.claimDeliveries({ ...request, leaseMs: 30 }),
    };
  if (mutant === 'no-takeover')
    return {
      ...storage,
      claimDeliveries: async ({ after }) => ({ claims: [], subscriptions: [], events: [], cursor: after, more: false }),
    };
  if (mutant === 'no-order')
    return {
      ...storage,
      join: async (transaction) => withoutOrder(await storage.join(transaction)),
      storeEvents: withoutOrder(storage).storeEvents,
    };
  return storage;
}

function withoutOrder<Part extends Pick<StorageAdapter, 'storeEvents'>>(part: Part): Part {
  return {
    ...part,
    async storeEvents(batch) {
      const deliveries = batch.deliveries.map(({ id, accountId, subscriptionId, eventId, leased }) => ({
        id,
        accountId,
        subscriptionId,
        eventId,
        leased,
      }));
      return part.storeEvents({ ...batch, deliveries });
    },
  };
}

/** The bugs that are in the transport. */
export function mutateTransport(transport: TransportAdapter, mutant: MutantName | undefined): TransportAdapter {
  if (mutant !== 'done-before-send') return transport;
  return {
    ...transport,
    async send(request) {
      void pause(100).then(async () => transport.send(request));
      return { ok: true, status: 200, answer: '' };
    },
  };
}
