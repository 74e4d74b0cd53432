// Why the storage waits for the disk itself: SQLite does so inside COMMIT, on the thread that everything else of the host
// runs on. A commit that does not wait has its frames in the file of the write-ahead log; once that file is synced, by
// whomever, they are durable. So the log is synced on a thread of libuv's pool, and one sync does for all commits before it.

import fs from 'node:fs';
import { HookwellError } from '@hookwell/core';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: HookwellError) => void;
}

/** Makes durable what is committed to a database in WAL mode, without stopping the process meanwhile. */
export class WalSync {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #onSynced: () => void;
  #waiting: Waiting[] = [];
  #running = false;
  #closed = false;
  #failure: HookwellError | undefined;

  /**
   * Opens the write-ahead log of a database file that a connection has in use, so that the log stays where it is.
   *
   * @param onSynced told after each time that the disk was waited for
   */
  constructor(file: string, onSynced: () => void) {
    this.#onSynced = onSynced;
    this.#file = `${file}-wal`;
    this.#descriptor = fs.openSync(this.#file, 'r+');
  }

  /** @throws {HookwellError} `storage_failed` when the disk has failed: what follows in the log could be lost with what was lost. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Resolves once all that was committed before the call is durable. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#running) this.#run();
    });
  }

  /** Closes the log, after those who wait for it have been told. */
  close(): void {
    this.#closed = true;
    if (!this.#running) fs.closeSync(this.#descriptor);
  }

  #run(): void {
    const group = this.#waiting;
    this.#waiting = [];
    this.#running = true;
    fs.fdatasync(this.#descriptor, (error) => {
      this.#running = false;
      if (error) this.#failure ??= failureOf(error, this.#file);
      for (const { resolve, reject } of group) {
        if (this.#failure) reject(this.#failure);
        else resolve();
      }
      if (!this.#closed && !this.#failure) this.#onSynced();
      if (this.#waiting.length > 0) this.#run();
      else if (this.#closed) fs.closeSync(this.#descriptor);
    });
  }
}

function failureOf(error: Error, file: string): HookwellError {
  return new HookwellError(
    'storage_failed',
    `The disk did not keep "${file}": ${error.message}. What was written last may be lost; nothing more is written until the storage is started again.`,
    { cause: error, value: file },
  );
}
