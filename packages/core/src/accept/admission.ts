/** What admission goes by. */
export interface AdmissionContext {
  /** How many deliveries fit into memory, and how many more do now; no limit while nothing is sent from there. */
  readonly memory: () => { readonly size: number; readonly room: number };
  /** For how long an event may wait, in milliseconds. */
  readonly maxWaitMs: number;
  readonly monotonicNow: () => number;
}

interface Waiting {
  readonly since: number;
  /** How many places had become free by then. */
  readonly freedBefore: number;
  readonly letIn: (isPromised: boolean) => void;
}

/** How much of the memory must be free before those that wait go on, so that they are stored together. */
const worthwhile = 0.1;

/**
 * Keeps events from being stored faster than they are delivered: while memory is full they wait, so that they can be sent
 * from there rather than be claimed back from the storage. Nobody waits longer than the time that is allowed; and once
 * somebody has waited that long while next to nothing was delivered, nobody waits until memory has room again, because what
 * fills it may be there to stay.
 */
export class Admission {
  readonly #context: AdmissionContext;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #inVain = false;
  /** Events that were let in and are not stored yet: they have no places in memory so far. */
  #onTheirWay = 0;
  /** Those of them that were let in because there was room. */
  #promised = 0;
  /** Deliveries of an event, as of late. */
  #fanOut = 1;
  /** Places that have become free, ever. */
  #freed = 0;

  constructor(context: AdmissionContext) {
    this.#context = context;
  }

  /** How many places in memory are kept for events on their way there. */
  get promised(): number {
    return this.#promised * this.#fanOut;
  }

  /**
   * Lets an event in, at once or when the promise resolves; {@link Admission.leave} follows. Answers whether places in memory
   * are kept for it.
   */
  enter(): boolean | Promise<boolean> {
    const { maxWaitMs } = this.#context;
    if (this.#inVain && this.#isWorthwhile()) this.#inVain = false;
    if (this.#inVain || maxWaitMs === 0) return this.#begin(false);
    if (this.#waiting.length === 0 && this.#room() > 0) return this.#begin(true);
    return new Promise((resolve) => {
      this.#waiting.push({ since: this.#context.monotonicNow(), freedBefore: this.#freed, letIn: resolve });
      if (this.#waiting.length === 1) this.#arm();
    });
  }

  /** Takes note that an event is stored, or is not to be, of how many deliveries it has, and of what `enter` answered. */
  leave(deliveries: number, isPromised: boolean): void {
    this.#onTheirWay -= 1;
    if (isPromised) this.#promised -= 1;
    this.#fanOut += (Math.max(deliveries, 1) - this.#fanOut) / 16;
    this.#letInWhoFits();
  }

  /** Takes note that a place in memory is free again, or that what was kept from it is there again. */
  roomMade(): void {
    this.#freed += 1;
    this.#letInWhoFits();
  }

  #letInWhoFits(): void {
    if (this.#waiting.length === 0 || !this.#isWorthwhile()) return;
    this.#letIn(Math.max(1, Math.round(this.#room() / this.#fanOut)), true);
  }

  #room(): number {
    return this.#context.memory().room - this.#onTheirWay * this.#fanOut;
  }

  #isWorthwhile(): boolean {
    const { size } = this.#context.memory();
    return this.#room() >= Math.max(1, size * worthwhile);
  }

  #letIn(count: number, isPromised: boolean): void {
    const admitted = this.#waiting.splice(0, count);
    this.#arm();
    for (const { letIn } of admitted) letIn(this.#begin(isPromised));
  }

  #begin(isPromised: boolean): boolean {
    this.#onTheirWay += 1;
    if (isPromised) this.#promised += 1;
    return isPromised;
  }

  /** Sets the one timer by whoever waits longest. */
  #arm(): void {
    clearTimeout(this.#timer);
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const { maxWaitMs, monotonicNow } = this.#context;
    this.#timer = setTimeout(() => this.#expire(oldest), Math.max(1, oldest.since + maxWaitMs - monotonicNow()));
  }

  /** Lets those in that have waited long enough; all of them where memory is full and nothing moves. */
  #expire(oldest: Waiting): void {
    const { memory, maxWaitMs, monotonicNow } = this.#context;
    const { size, room } = memory();
    this.#inVain = room < size * worthwhile && this.#freed - oldest.freedBefore < size * worthwhile;
    const until = Math.max(oldest.since, monotonicNow() - maxWaitMs);
    const others = this.#waiting.findIndex(({ since }) => since > until);
    this.#letIn(this.#inVain || others === -1 ? this.#waiting.length : others, false);
  }
}
