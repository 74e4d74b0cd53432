import type { StorageAdapter } from '../storage-adapter.ts';

/** What an announcer works with. */
export interface AnnouncerContext {
  readonly storage: Pick<StorageAdapter, 'announceDue'>;
  readonly monotonicNow: () => number;
}

/**
 * The least time between two announcements, in milliseconds: of work that nobody in this process will do, and of work
 * that it will come to by itself when it has room.
 */
export const announceEveryMs = { forOthers: 20, forHelp: 1_000 } as const;

/**
 * Tells other processes that something may be due, by calls of their own, so that nothing that is stored waits for one:
 * at once, and then again when so much time has passed. What goes wrong is of no account: the others look for themselves.
 */
export class Announcer {
  readonly #context: AnnouncerContext;
  #lastAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #announcing: Promise<void> = Promise.resolve();

  constructor(context: AnnouncerContext) {
    this.#context = context;
  }

  /** Announces once, for all who ask within that time of the last announcement. */
  announce(everyMs: number): void {
    const now = this.#context.monotonicNow();
    const at = Math.max(now, this.#lastAt + everyMs);
    if (at >= this.#nextAt) return;
    this.#nextAt = at;
    clearTimeout(this.#timer);
    if (at <= now) return this.#send();
    this.#timer = setTimeout(() => this.#send(), at - now);
    this.#timer.unref();
  }

  /** Announces what has been asked for and is not announced yet; resolves when that is done. */
  async flush(): Promise<void> {
    if (this.#nextAt < Number.POSITIVE_INFINITY) this.#send();
    await this.#announcing;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#lastAt = this.#context.monotonicNow();
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#announcing = this.#context.storage.announceDue().catch(() => undefined);
  }
}
