import { resolve } from 'node:path';
import { HookwellError, type JoinedStorage } from '@hookwell/core';
import { Connection } from './connection.ts';
import type { SqliteDatabase } from './driver.ts';
import { prepareStoreEvents } from './store-events.ts';
import { prepareSubscriptions } from './subscriptions.ts';

/**
 * Makes the calls that run in a transaction of the host's, on the handle on which it is open: the one that the storage
 * has, or another one of the same file. Each is one synchronous run of statements, made before its promise is answered.
 */
export function prepareJoin({ database: own }: Connection, now: () => number): (transaction: unknown) => JoinedStorage {
  const joined = new WeakMap<SqliteDatabase, JoinedStorage>();
  return (transaction) => {
    if (!isDatabase(transaction)) {
      throw refusal('it is no better-sqlite3 database', 'pass the database on which you have begun a transaction');
    }
    if (!isSame(transaction, own)) {
      throw refusal(
        `it is the database "${transaction.name}", and the storage is in "${own.name}"`,
        'begin the transaction on the database that the storage has, or on another handle of the same file',
      );
    }
    let calls = joined.get(transaction);
    if (!calls) {
      calls = prepareCalls(new Connection(transaction, { shared: true, busyMs: 0 }), now);
      joined.set(transaction, calls);
    }
    return calls;
  };
}

function prepareCalls(connection: Connection, now: () => number): JoinedStorage {
  const subscriptions = prepareSubscriptions(connection);
  const storeEvents = prepareStoreEvents(connection);
  return {
    createSubscription: async (subscription) => connection.within(() => subscriptions.create(subscription, now())),
    endSubscription: async (accountId, id, reason) => connection.within(() => subscriptions.end(accountId, id, reason, now())),
    findSubscriptions: async (keys) => connection.within(() => subscriptions.find(keys)),
    storeEvents: async (batch) => connection.within(() => storeEvents(batch, now())),
  };
}

function isDatabase(value: unknown): value is SqliteDatabase {
  return typeof value === 'object' && value !== null && 'inTransaction' in value && 'pragma' in value && 'prepare' in value;
}

function isSame(given: SqliteDatabase, own: SqliteDatabase): boolean {
  return given === own || (!given.memory && !own.memory && resolve(given.name) === resolve(own.name));
}

function refusal(problem: string, wayOut: string): HookwellError {
  return new HookwellError('invalid_input', `What was given as "within" cannot be joined: ${problem}; ${wayOut}.`);
}
