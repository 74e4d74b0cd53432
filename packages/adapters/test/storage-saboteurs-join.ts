import type { StorageAdapter, StoreBatch } from '@hookwell/core';
import type { StorageHarness } from '@hookwell/core/testing';

/** A storage that breaks a promise about transactions of the host's, the case that must catch it, and the sentence with which. */
export interface JoinSaboteur {
  readonly does: string;
  readonly sabotage: (sound: StorageAdapter) => Partial<StorageAdapter>;
  readonly caughtBy: string;
  readonly sentence: RegExp;
}

/** The harness with storages that a saboteur has changed. */
export function sabotaged(harness: StorageHarness, sabotage: JoinSaboteur['sabotage']): StorageHarness {
  return {
    ...harness,
    createStorage(place) {
      const sound = harness.createStorage(place);
      return { ...sound, ...sabotage(sound) };
    },
  };
}

/** Reads in the transaction and lets what is written be kept elsewhere, to be written when it is over. */
const late = (sound: StorageAdapter, write: (call: () => Promise<unknown>) => void): StorageAdapter['join'] => {
  return async (transaction) => {
    const joined = await sound.join(transaction);
    return {
      ...joined,
      async storeEvents(batch) {
        write(async () => sound.storeEvents(batch));
        return batch.events;
      },
    };
  };
};

export const joinSaboteurs: readonly JoinSaboteur[] = [
  {
    does: 'makes a delivery of every event of a transaction',
    sabotage: (sound) => ({
      async join(transaction) {
        const joined = await sound.join(transaction);
        const apart = (batch: StoreBatch): StoreBatch => ({
          ...batch,
          deliveries: batch.deliveries.map(({ id, accountId, subscriptionId, eventId, leased }) => {
            return { id, accountId, subscriptionId, eventId, leased };
          }),
        });
        return { ...joined, storeEvents: async (batch) => joined.storeEvents(apart(batch)) };
      },
    }),
    caughtBy: 'join gives what waits under a key the event of a transaction once that commits, and not when it rolls back',
    sentence: /^it has not got the event of a transaction that committed/,
  },
  {
    does: 'answers an event in a transaction and stores nothing',
    sabotage: (sound) => ({ join: late(sound, () => undefined) }),
    caughtBy: 'join writes what is there once the host commits, and not before',
    sentence: /^an event is not there after the commit/,
  },
  {
    does: 'commits what it has written in a transaction at once',
    sabotage: (sound) => ({
      async join(transaction) {
        const joined = await sound.join(transaction);
        return {
          ...joined,
          async storeEvents(batch) {
            const stored = await joined.storeEvents(batch);
            (transaction as { exec: (sql: string) => void }).exec('commit; begin');
            return stored;
          },
        };
      },
    }),
    caughtBy: 'join writes what is there once the host commits, and not before',
    sentence: /^what a transaction has written is there before it commits/,
  },
  {
    does: 'stores what is emitted in a transaction whether or not that commits',
    sabotage: (sound) => {
      const waiting: (() => Promise<unknown>)[] = [];
      return {
        join: late(sound, (write) => waiting.push(write)),
        async listSubscriptions(...given) {
          for (const write of waiting.splice(0)) await write();
          return sound.listSubscriptions(...given);
        },
      };
    },
    caughtBy: 'join leaves nothing behind when the host rolls back',
    sentence: /^a transaction that was rolled back has left something behind/,
  },
  {
    does: 'looks for subscriptions outside the transaction',
    sabotage: (sound) => ({
      join: async (transaction) => ({
        ...(await sound.join(transaction)),
        findSubscriptions: async (keys) => sound.findSubscriptions(keys),
      }),
    }),
    caughtBy: 'join sees what the transaction has written',
    sentence: /^a subscription made in the transaction is not found in it/,
  },
  {
    does: 'ends the subscription of any account in a transaction',
    sabotage: (sound) => ({
      async join(transaction) {
        const joined = await sound.join(transaction);
        return { ...joined, endSubscription: async (_, id, reason) => joined.endSubscription('a', id, reason) };
      },
    }),
    caughtBy: "join ends the account's own subscription when the host commits",
    sentence: /^it ended a subscription of another account/,
  },
  {
    does: 'takes anything for a transaction',
    sabotage: (sound) => ({
      join: async (transaction) => (transaction instanceof Object && 'exec' in transaction ? sound.join(transaction) : sound),
    }),
    caughtBy: 'join refuses what is no transaction of its database',
    sentence: /^it joined null/,
  },
  {
    does: 'writes on its own once the transaction is over',
    sabotage: (sound) => ({
      async join(transaction) {
        const joined = await sound.join(transaction);
        return { ...joined, storeEvents: async (batch) => joined.storeEvents(batch).catch(async () => sound.storeEvents(batch)) };
      },
    }),
    caughtBy: 'join writes nothing once the transaction is over',
    sentence: /^it stored an event in a transaction that was over/,
  },
];
