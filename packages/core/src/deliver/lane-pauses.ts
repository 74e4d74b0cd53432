/** A lane that is closed for now, in the storage too. */
interface Pause {
  /** On the monotonic clock. */
  readonly until: number;
  /** Its place among all pauses. */
  readonly serial: number;
}

/** For how long an answer closes its lane until it is recorded for how long that is to be, in milliseconds. */
const closedMs = 5_000;
/** Pauses that are remembered before those that are over are looked for and forgotten. */
const rememberedPauses = 1_000;

/** The lanes from which nothing may be sent for now. */
export class LanePauses {
  readonly #monotonicNow: () => number;
  readonly #pauses = new Map<number, Pause>();
  /** Lanes that an answer has just closed, and until when on the monotonic clock at the latest. */
  readonly #closed = new Map<number, number>();
  #serial = 0;

  /** @param monotonicNow a clock that never jumps, in milliseconds */
  constructor(monotonicNow: () => number) {
    this.#monotonicNow = monotonicNow;
  }

  has(subscriptionId: number): boolean {
    if (this.#isClosed(subscriptionId)) return true;
    const pause = this.#pauses.get(subscriptionId);
    if (pause === undefined) return false;
    if (pause.until > this.#monotonicNow()) return true;
    this.#pauses.delete(subscriptionId);
    return false;
  }

  /** The lanes that an answer has just closed. */
  justClosed(): number[] {
    return [...this.#closed.keys()].filter((id) => this.#isClosed(id));
  }

  /** Closes a lane for the moment until it is recorded for how long. */
  close(subscriptionId: number): void {
    this.#closed.set(subscriptionId, this.#monotonicNow() + closedMs);
  }

  /** Closes a lane for so many milliseconds, as the storage does. */
  pause(subscriptionId: number, ms: number): void {
    const now = this.#monotonicNow();
    if (this.#pauses.size >= rememberedPauses) {
      for (const [id, { until }] of this.#pauses) if (until <= now) this.#pauses.delete(id);
    }
    const until = Math.max(this.#pauses.get(subscriptionId)?.until ?? 0, now + ms);
    this.#pauses.set(subscriptionId, { until, serial: ++this.#serial });
    this.#closed.delete(subscriptionId);
  }

  /** The number of the last pause. */
  get serial(): number {
    return this.#serial;
  }

  /** Ends the pause of a lane, unless it was paused after the pause of that number. */
  endUpTo(subscriptionId: number, serial: number): void {
    const pause = this.#pauses.get(subscriptionId);
    if (pause && pause.serial <= serial) this.#pauses.delete(subscriptionId);
  }

  /** Opens a lane whatever has closed it. */
  end(subscriptionId: number): void {
    this.#pauses.delete(subscriptionId);
    this.#closed.delete(subscriptionId);
  }

  #isClosed(subscriptionId: number): boolean {
    const until = this.#closed.get(subscriptionId);
    if (until === undefined) return false;
    if (until > this.#monotonicNow()) return true;
    this.#closed.delete(subscriptionId);
    return false;
  }
}
