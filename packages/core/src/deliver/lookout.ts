/** The pauses before each look, in milliseconds: most transactions commit within a few of them. */
const pausesMs = [1, 2, 4, 8, 15, 30, 60, 125, 250, 500, 1_000, 2_000];

/**
 * Looks for what transactions of the host's have written. Nobody tells when one commits, so it looks at growing intervals,
 * and begins anew with each; after the last one the poll of the loop is what is left.
 */
export class Lookout {
  readonly #wake: () => void;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Begins to look. */
  begin(): void {
    this.#looks = 0;
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    const pauseMs = pausesMs[this.#looks];
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
