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
  readonly letIn: () => void;
}

/** How much of the memory must be free before those that wait go on, so that they are stored together. */
const worthwhile = 0.1;

/**
 * Keeps events from being stored faster than they are delivered: while memory is full they wait, so that they can be sent
 * from there rather than be claimed back from the storage. Nobody waits longer than the time that is allowed; and once
 * somebody has waited that long, nobody does until memory has room again, because what fills it may be there to stay.
 */
export class Admission {
  readonly #context: AdmissionContext;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #inVain = false;
  /** Events that were let in and are not stored yet: they have no places in memory so far. */
  #letIn = 0;
  /** Deliveries of an event, as of late. */
  #fanOut = 1;

  constructor(context: AdmissionContext) {
    this.#context = context;
  }

  /** Lets an event in, at once (null) or when the promise resolves; {@link Admission.leave} follows. */
  enter(): Promise<void> | null {
    const { maxWaitMs } = this.#context;
    if (this.#inVain && this.#isWorthwhile()) this.#inVain = false;
    if (this.#inVain || maxWaitMs === 0 || (this.#waiting.length === 0 && this.#room() > 0)) {
      this.#letIn += 1;
      return null;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ since: this.#context.monotonicNow(), letIn: resolve });
      if (this.#waiting.length === 1) this.#arm();
    });
  }

  /** Takes note that an event is stored, or is not to be, and of how many deliveries it has. */
  leave(deliveries: number): void {
    this.#letIn -= 1;
    this.#fanOut += (Math.max(deliveries, 1) - this.#fanOut) / 16;
    this.roomMade();
  }

  /** Takes note that there is more room in memory. */
  roomMade(): void {
    if (this.#waiting.length > 0 && this.#isWorthwhile()) this.#admit(Math.max(1, Math.round(this.#room() / this.#fanOut)));
  }

  #room(): number {
    return this.#context.memory().room - this.#letIn * this.#fanOut;
  }

  #isWorthwhile(): boolean {
    const { size } = this.#context.memory();
    return this.#room() >= Math.max(1, size * worthwhile);
  }

  #admit(count: number): void {
    const admitted = this.#waiting.splice(0, count);
    this.#letIn += admitted.length;
    this.#arm();
    for (const { letIn } of admitted) letIn();
  }

  /** Sets the one timer by whoever waits longest. */
  #arm(): void {
    clearTimeout(this.#timer);
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const { maxWaitMs, monotonicNow } = this.#context;
    this.#timer = setTimeout(
      () => {
        this.#inVain = true;
        this.#admit(this.#waiting.length);
      },
      Math.max(1, oldest.since + maxWaitMs - monotonicNow()),
    );
  }
}
