// Why the storage makes checkpoints itself: SQLite makes one inside the COMMIT that has filled the write-ahead log, on the
// thread that everything else of the host runs on, and for tens of milliseconds. So checkpoints are made by a thread of their
// own, beside the commits. The log begins anew where one has caught up with these. Under load none does, and then what little is
// left is moved on this thread, once the log is long.

import fs from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SqliteDatabase } from './driver.ts';

/** What the thread is told as it begins. */
export interface CheckpointThreadData {
  readonly file: string;
}

/** What a checkpoint tells of the log: how many frames it has. */
export interface Moved {
  readonly log: number;
}

/** Frames of the log, a page each, after which a checkpoint is made: as many as SQLite would wait for. */
const framesPerCheckpoint = 1_000;
/** Frames from which on it is seen to that the log begins anew; and those at which a COMMIT sees to it, come what may. */
const longFrames = 4_000;
const mostFrames = 16_000;

// The layout of the log, as SQLite documents it: a header of the log and one before each page, each with the two salts of
// the log's present round. Behind it are frames of rounds before.
const logHeaderBytes = 32;
const frameHeaderBytes = 24;
const saltBytes = 8;
const saltsOfLog = 16;
const saltsOfFrame = 8;

/** Keeps the write-ahead log of a database in WAL mode short. */
export class Checkpoints {
  readonly #database: SqliteDatabase;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #frameBytes: number;
  /** What the connection had been set to. */
  readonly #framesBefore: number;
  readonly #salts = Buffer.alloc(saltBytes);
  readonly #frameSalts = Buffer.alloc(saltBytes);
  /** The round in which the last checkpoint ended, and how many frames it had by then. */
  #lastRound = '';
  #lastFrames = 0;
  #thread: Worker | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #state: 'waiting' | 'beside' | 'here' | 'off' = 'waiting';

  /** Takes over from a connection's own checkpoints; its log must be there. */
  constructor(database: SqliteDatabase, file: string) {
    this.#database = database;
    this.#file = file;
    this.#descriptor = fs.openSync(`${file}-wal`, 'r');
    this.#frameBytes = frameHeaderBytes + Number(database.pragma('page_size', { simple: true }));
    this.#framesBefore = Number(database.pragma('wal_autocheckpoint', { simple: true }));
    database.pragma(`wal_autocheckpoint = ${mostFrames}`);
  }

  /** Makes a checkpoint if there is enough for one. Costs two short reads of a file where there is not. */
  look(): void {
    if (this.#state === 'here') {
      this.#finish();
      return;
    }
    try {
      if (this.#state === 'waiting' && this.#isDue()) this.#begin();
    } catch {
      // Threads may be forbidden to the process.
      this.#giveUp();
    }
  }

  /** Resolves when the thread has let go of the database; from then on the connection makes its own checkpoints again. */
  async stop(): Promise<void> {
    this.#giveUp();
    // The process must not end before the thread has, while this waits for it.
    this.#thread?.ref();
    this.#thread?.postMessage('close');
    await this.#ended;
    fs.closeSync(this.#descriptor);
  }

  /** Whether the frame is there, of the present round, that makes a checkpoint worth it. */
  #isDue(): boolean {
    if (fs.readSync(this.#descriptor, this.#salts, 0, saltBytes, saltsOfLog) < saltBytes) return false;
    const before = this.#salts.toString('latin1') === this.#lastRound ? this.#lastFrames : 0;
    const place = logHeaderBytes + (before + framesPerCheckpoint - 1) * this.#frameBytes + saltsOfFrame;
    return (
      fs.readSync(this.#descriptor, this.#frameSalts, 0, saltBytes, place) === saltBytes && this.#salts.equals(this.#frameSalts)
    );
  }

  #begin(): void {
    this.#state = 'beside';
    this.#thread ??= this.#start();
    this.#thread.postMessage('checkpoint');
  }

  #start(): Worker {
    const workerData: CheckpointThreadData = { file: this.#file };
    const thread = new Worker(new URL(`./checkpoint-thread${extname(import.meta.url)}`, import.meta.url), { workerData });
    thread.on('message', (moved: Moved) => {
      if (this.#state !== 'beside') return;
      this.#note(moved);
      if (moved.log < longFrames) return;
      this.#state = 'here';
      this.#finish();
    });
    // It could not open the database, which may be encrypted, or not move what is in the log.
    thread.on('error', () => this.#giveUp());
    this.#ended = new Promise((resolve) => {
      thread.once('exit', resolve);
    });
    // Last, because to listen to it makes the process wait for it.
    thread.unref();
    return thread;
  }

  /** Moves what was added meanwhile, as soon as no transaction of the host's is open. */
  #finish(): void {
    if (this.#database.inTransaction) return;
    try {
      const [moved] = this.#database.pragma('wal_checkpoint(passive)') as readonly [Moved];
      this.#note(moved);
    } catch {
      // The connection meets the same trouble in a COMMIT, where somebody is told of it.
      this.#giveUp();
    }
  }

  #note({ log }: Moved): void {
    this.#lastRound = this.#salts.toString('latin1');
    this.#lastFrames = log;
    this.#state = 'waiting';
  }

  #giveUp(): void {
    if (this.#state === 'off') return;
    this.#state = 'off';
    if (this.#database.open) this.#database.pragma(`wal_autocheckpoint = ${this.#framesBefore}`);
  }
}
