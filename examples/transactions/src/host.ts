import type { Engine } from '@hookwell/core';

/** The engine, as far as a host needs it here. */
export type Emitter = Pick<Engine<'object_create'>, 'emit'>;

/** A CRM on one library. Its contacts are in the table `contacts (id, firstname)`. */
export interface Host<Transaction = unknown> {
  /** Runs work in a transaction of the library: commits when it resolves, rolls back when it rejects. */
  transaction(work: (trx: Transaction) => Promise<void>): Promise<void>;
  /** Runs work in a part of that transaction, which alone is undone when it rejects. */
  savepoint(trx: Transaction, work: (trx: Transaction) => Promise<void>): Promise<void>;
  /** Adds a contact and emits its event, both in that transaction; answers the contact's id. */
  addContact(trx: Transaction, engine: Emitter, firstname: string): Promise<number>;
  /** What `within` is in that transaction. */
  within(trx: Transaction): unknown;
  /** What `within` would be where the host has forgotten to begin a transaction. */
  outside(): unknown;
  close(): Promise<void>;
}

/** Opens the database of that name: a URL of PostgreSQL, or a file of SQLite. */
export type Open = (database: string) => Promise<Host>;
