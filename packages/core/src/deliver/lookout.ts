/** The pauses before each look, in milliseconds: most transactions commit within a few of them. */
const pausesMs = [1, 3, 10, 30, 100, 300, 600, 1_000, 1_000, 1_000, 1_000, 1_000];
/** The same where each look means that other processes are told to look. */
const pausesOfOthersMs = [5, 25, 100, 400, 1_000, 1_500, 2_000];

/**
 * Looks for what transactions of the host's have written. Nobody tells when one commits, so it looks at growing intervals,
 * and begins anew with each; after the last one the poll of the loop is what is left.
 */
export class Lookout {
  readonly #wake: () => void;
  #pausesMs: readonly number[] = pausesMs;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /**
   * Begins to look.
   *
   * @param delivers whether this process delivers itself what it finds
   */
  begin(delivers: boolean): void {
    this.#pausesMs = delivers ? pausesMs : pausesOfOthersMs;
    this.#looks = 0;
    this.#next();
  }

  /** Looks no more; answers whether it would have. */
  stop(): boolean {
    this.#stopped = true;
    clearTimeout(this.#timer);
    return this.#timer !== undefined;
  }

  #next(): void {
    const pauseMs = this.#pausesMs[this.#looks];
    if (this.#stopped || pauseMs === undefined || this.#timer !== undefined) return;
    this.#looks += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
      this.#next();
    }, pauseMs);
    this.#timer.unref();
  }
}
