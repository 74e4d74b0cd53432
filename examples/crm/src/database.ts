import type { StorageAdapter } from '@hookwell/core';
import type { Kind } from './catalog.ts';
import { isPostgres } from './database-name.ts';
import { explainPostgres, openPostgres } from './postgres-database.ts';
import { explainSqlite, openSqlite } from './sqlite-database.ts';
import type { Fields, Value } from './tables.ts';

/** A record as the CRM has it: every field of its kind, in their order. */
export type Row = { readonly id: number } & { readonly [field: string]: Value };
/** A tag or a form. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

/** What the CRM stores. */
export interface Records {
  /** Adds records, all or none, and answers them as they are stored. @throws {Refusal} for an id that is taken */
  readonly insert: (kind: Kind, records: readonly Fields[]) => Promise<readonly Row[]>;
  readonly find: (kind: Kind, id: number) => Promise<Row | undefined>;
  /** The records before an id, newest first. */
  readonly latest: (kind: Kind, before: number, limit: number) => Promise<readonly Row[]>;
  /** The numbers of their tags, in order, by the records' ids. */
  readonly tagsOf: (kind: Kind, ids: readonly number[]) => Promise<ReadonlyMap<number, readonly number[]>>;
  readonly name: (list: 'tags' | 'forms', name: string) => Promise<Named>;
  readonly list: (list: 'tags' | 'forms') => Promise<readonly Named[]>;
  /** Whether that changed anything: false when the record had the tag already, or did not have it. */
  readonly tag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  readonly untag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  readonly addSubmission: (formId: number, contactId: number) => Promise<void>;
  /** What was answered to the request with that key; undefined when it is new. */
  readonly answerTo: (key: string) => Promise<unknown>;
  /** Keeps the answer; rejects when another request with that key was quicker. */
  readonly keepAnswer: (key: string, answer: unknown) => Promise<void>;
}

/** What the CRM stores, as one transaction of it sees and changes it. */
export interface Transaction extends Records {
  /** The transaction itself: give it to the engine as `within`, and what it writes becomes part of it. */
  readonly within: unknown;
}

/** One database, with the CRM's own tables and the engine's. */
export interface CrmDatabase extends Records {
  /** Keeps the engine's tables in this database. */
  readonly storage: StorageAdapter;
  /** Runs work in a transaction: all that it changes is kept when it resolves, and nothing when it rejects. */
  readonly transaction: <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;
  readonly close: () => Promise<void>;
}

/**
 * Opens the database that a URL or the name of a file stands for, and makes the CRM's tables if need be. Any number of
 * processes may do so at once.
 * @throws {UsageError} when it cannot be used, saying why
 */
export async function openDatabase(name: string): Promise<CrmDatabase> {
  try {
    return await (isPostgres(name) ? openPostgres(name) : openSqlite(name));
  } catch (error) {
    throw explain(error, name);
  }
}

/** What to tell whoever started the program, when the database is why it cannot go on; else the error as it is. */
export function explain(error: unknown, name: string): unknown {
  return isPostgres(name) ? explainPostgres(error, name) : explainSqlite(error, name);
}
