/** Something that must have ended by a given time. */
export interface Limited {
  /** On the clock given to {@link InFlight}. */
  readonly dueAt: number;
  /** Ends it now; it must remove itself. */
  readonly expire: () => void;
}

/**
 * All requests in flight, and the one timer that ends those that are overdue. They are given the same time each, so the
 * oldest is always the next one due, and a timer for each would only cost.
 */
export class InFlight<Item extends Limited> {
  readonly #items = new Set<Item>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  add(item: Item): void {
    this.#items.add(item);
    if (this.#timer === undefined) this.#arm(item);
  }

  remove(item: Item): void {
    if (!this.#items.delete(item) || this.#items.size > 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const tell of waiting) tell();
  }

  /** Resolves once nothing is in flight. */
  async empty(): Promise<void> {
    if (this.#items.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Takes the timer down, once nothing is added any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(next: Item): void {
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(next.dueAt - this.#now())));
    this.#timer.unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#now();
    for (const item of this.#items) {
      if (item.dueAt > now) {
        this.#arm(item);
        return;
      }
      item.expire();
    }
  }
}
