/** What an alarm goes by. */
export interface AlarmContext {
  readonly monotonicNow: () => number;
  /** How long it sleeps at the most, in milliseconds; twice as long when nothing has stirred for a while. */
  readonly pollEveryMs: number;
  readonly ring: () => void;
}

/**
 * How soon to look again when something is due that was not claimed, in milliseconds: it has become so since the claim,
 * or it waits for room in its lane, and then nobody knows what is due next in the others.
 */
export const lookAgainMs = { sinceClaim: 20, besideBacklog: 1_000 };

/** How often it rings for nothing before it sleeps longer. */
const vainRings = 6;

/** The one timer of the delivery loop: rings when something is known to be due, and every so often regardless. */
export class Alarm {
  readonly #context: AlarmContext;
  #dueAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #rings = 0;

  constructor(context: AlarmContext) {
    this.#context = context;
  }

  /** Takes note of something that is due in so many milliseconds; answers whether it is due before all else. */
  due(inMs: number): boolean {
    const dueAt = this.#context.monotonicNow() + inMs;
    if (dueAt >= this.#dueAt) return false;
    this.#dueAt = dueAt;
    return true;
  }

  /** Whether what was known to be due is due by now; it is forgotten then. */
  isDue(): boolean {
    if (this.#dueAt > this.#context.monotonicNow()) return false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    return true;
  }

  /** Takes note that there was something to do. */
  stir(): void {
    this.#rings = 0;
  }

  /** Sleeps from now on. The timer does not keep the process alive. */
  sleep(): void {
    clearTimeout(this.#timer);
    const { monotonicNow, pollEveryMs, ring } = this.#context;
    const ms = Math.min(this.#dueAt - monotonicNow(), this.#rings < vainRings ? pollEveryMs : 2 * pollEveryMs);
    this.#timer = setTimeout(
      () => {
        this.#rings += 1;
        ring();
      },
      Math.max(ms, 1),
    );
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
