/** How many requests may be under way to an endpoint that nobody knows yet. */
const firstLimit = 2;
/** An endpoint is as quick as ever while its answers take no longer than twice its usual time and this, in milliseconds. */
const flatWithinMs = 20;
/** How much of a slower answer its usual time takes on, so that an endpoint that has become slower is not held down for ever. */
const drift = 0.02;

/**
 * How many requests may be under way to one endpoint. Begins low and grows with each answer while they come as fast as ever
 * and as many are under way as may be: by one until the first trouble, by one for all of them together after it. Trouble
 * halves it, and so an endpoint that never answers is left with one.
 */
export class LaneLimit {
  /** Whether its endpoint takes longer to answer than a slot is kept for. */
  isSlow = false;
  readonly #most: number;
  #limit: number;
  #hadTrouble = false;
  #hasAnswered = false;
  #usualMs = 0;
  #durationMs = 0;

  /** @param most the highest that it may become */
  constructor(most: number) {
    this.#most = most;
    this.#limit = LaneLimit.first(most);
  }

  /** Where a limit begins that may become as high as `most`. */
  static first(most: number): number {
    return Math.min(firstLimit, most);
  }

  get current(): number {
    return Math.floor(this.#limit);
  }

  /** Whether an answer has come yet. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Smoothed time from request to answer, in milliseconds; 0 before the first. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** @param isFull whether as many requests were under way as may be, without which more would not be of use */
  answered(durationMs: number, isFull: boolean): void {
    if (this.#hasAnswered) {
      this.#usualMs = Math.min(durationMs, this.#usualMs + drift * (durationMs - this.#usualMs));
      this.#durationMs = 0.8 * this.#durationMs + 0.2 * durationMs;
    } else {
      this.#hasAnswered = true;
      this.#usualMs = durationMs;
      this.#durationMs = durationMs;
    }
    if (!isFull || this.#durationMs > 2 * this.#usualMs + flatWithinMs) return;
    this.#limit = Math.min(this.#most, this.#limit + (this.#hadTrouble ? 1 / this.#limit : 1));
  }

  /** Takes note of trouble, or that it has become slow. */
  halve(): void {
    this.#hadTrouble = true;
    this.#limit = Math.max(1, this.#limit / 2);
  }
}
