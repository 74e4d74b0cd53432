/** What one timer can wait for is less than 25 days; what is later is waited for in parts, in milliseconds. */
const longestMs = 86_400_000;

/**
 * Rings once something is due that this process has stored and does not deliver itself: whoever does may not know of it. It
 * keeps the earliest time only; who claims then sees what is due next.
 */
export class Reminder {
  readonly #ring: () => void;
  readonly #monotonicNow: () => number;
  #dueAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(ring: () => void, monotonicNow: () => number) {
    this.#ring = ring;
    this.#monotonicNow = monotonicNow;
  }

  /** Rings in so many milliseconds, unless it rings before that. The timer does not keep the process alive. */
  ringIn(ms: number): void {
    const dueAt = this.#monotonicNow() + ms;
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const ms = Math.max(0, this.#dueAt - this.#monotonicNow());
    this.#timer = setTimeout(() => (ms > longestMs ? this.#arm() : this.#due()), Math.min(ms, longestMs));
    this.#timer.unref();
  }

  #due(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#ring();
  }
}
