/** The pauses before each look, in milliseconds: most transactions commit within a few of them. */
const pausesMs = [1, 10, 30, 100, 300, 600, 1_000, 1_000, 1_000, 1_000, 1_000];
/** The same where each look means that other processes are told to look. */
const pausesOfOthersMs = [5, 25, 100, 400, 1_000, 1_500, 2_000];
/** Where it has looked so lately, in milliseconds, one transaction follows the other, and a look finds several together. */
const latelyMs = 20;

/**
 * Looks for what transactions of the host's have written. Nobody tells when one commits, so it looks at growing intervals,
 * and begins anew with each; after the last one the poll of the loop is what is left.
 */
export class Lookout {
  readonly #wake: () => void;
  readonly #monotonicNow: () => number;
  #pausesMs: readonly number[] = pausesMs;
  #looks = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(wake: () => void, monotonicNow: () => number) {
    this.#wake = wake;
    this.#monotonicNow = monotonicNow;
  }

  /**
   * Begins to look.
   *
   * @param delivers whether this process delivers itself what it finds
   */
  begin(delivers: boolean): void {
    this.#pausesMs = delivers ? pausesMs : pausesOfOthersMs;
    this.#looks = this.#monotonicNow() - this.#lookedAt < latelyMs ? 1 : 0;
    this.#next();
  }

  /** Looks no more; answers whether it would have. */
  stop(): boolean {
    this.#stopped = true;
    clearTimeout(this.#timer);
    return this.#dueAt < Number.POSITIVE_INFINITY;
  }

  /** Looks after the next pause, unless it looks before that anyway. */
  #next(): void {
    const pauseMs = this.#pausesMs[this.#looks] ?? Number.POSITIVE_INFINITY;
    const dueAt = this.#monotonicNow() + pauseMs;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#looks += 1;
    this.#dueAt = dueAt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), pauseMs);
    this.#timer.unref();
  }

  #look(): void {
    this.#lookedAt = this.#monotonicNow();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#wake();
    this.#next();
  }
}
