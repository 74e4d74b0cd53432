import PQueue from 'p-queue';
import type { Held } from '../model/held.ts';
import type { UnderWay } from './lane.ts';
import type { LaneAnswer, Lanes } from './lanes.ts';

/** What slots work with. */
export interface SlotsContext {
  readonly lanes: Lanes;
  /** How many there are. */
  readonly concurrency: number;
  /** How long a request may hold one, in milliseconds. */
  readonly slowAfterMs: number;
  readonly monotonicNow: () => number;
  /** Sends one delivery and says what that tells of its endpoint; never rejects. */
  readonly send: (held: Held) => Promise<LaneAnswer | null>;
  /** Hands a delivery back unsent. */
  readonly release: (held: Held) => void;
  /** Is told what went wrong that must not end the process. */
  readonly report: (error: unknown) => void;
}

/**
 * Requests that are started in one turn of the event loop, where many wait: what else the process does, for its host or to
 * store the next group of events, gets its turn in between.
 */
const startsInATurn = 10;

/**
 * The slots of this process: p-queue runs so many at once, and each serves the lanes in turn. One that finds nothing to start
 * waits for what comes next, because to begin a job of p-queue costs as much as to send a request. A request that takes long
 * gives its slot up and goes on beside it, so that no endpoint keeps the others waiting.
 */
export class Slots {
  readonly #context: SlotsContext;
  readonly #queue: PQueue;
  /** The requests that hold a slot, each with what frees that, in the order in which they began: the first is late next. */
  readonly #occupied = new Map<UnderWay, () => void>();
  /** The slots that wait for a request, each by what frees it when that has ended. */
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #filling = false;
  /** Whether more is to be started in the next turn of the event loop. */
  #goesOn = false;

  constructor(context: SlotsContext) {
    this.#context = context;
    this.#queue = new PQueue({ concurrency: context.concurrency });
  }

  /** Whether a slot is free. */
  get hasFree(): boolean {
    return this.#queue.pending - this.#waiting.length < this.#context.concurrency;
  }

  /** Starts what may be started now, a few in each turn of the event loop. */
  fill(): void {
    if (this.#filling || this.#goesOn) return;
    this.#filling = true;
    const { lanes, report } = this.#context;
    for (let started = 0; lanes.hasNext && this.hasFree; started += 1) {
      if (started === startsInATurn) {
        this.#goOn();
        break;
      }
      const free = this.#waiting.pop();
      if (free) this.#next(free);
      else this.#queue.add(this.#serve).catch(report);
    }
    for (let request = lanes.nextSlow(); request; request = lanes.nextSlow()) void this.#run(request);
    this.#filling = false;
  }

  #goOn(): void {
    this.#goesOn = true;
    setImmediate(() => {
      this.#goesOn = false;
      this.fill();
    });
  }

  readonly #serve = async (): Promise<void> => {
    for (;;) await new Promise<void>((free) => this.#next(free));
  };

  /** Sends what is next in a slot, or lets it wait for that; frees it when the request has ended, or takes long. */
  #next(free: () => void): void {
    const { lanes } = this.#context;
    const request = lanes.next();
    if (!request) {
      this.#waiting.push(free);
      return;
    }
    if (lanes.hasNext) this.fill();
    this.#occupied.set(request, free);
    if (this.#timer === undefined) this.#watch(request);
    void this.#run(request, free);
  }

  /** Never rejects: what goes wrong must not end the process of the host. */
  async #run(request: UnderWay, free?: () => void): Promise<void> {
    const { lanes, send, report } = this.#context;
    let answer: LaneAnswer | null = null;
    try {
      answer = await send(request.held);
    } catch (error) {
      report(error);
    }
    this.#occupied.delete(request);
    lanes.finish(request, answer);
    free?.();
    if (request.holds === 'slow') this.#look();
  }

  #watch({ since }: UnderWay): void {
    const { slowAfterMs, monotonicNow } = this.#context;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#look();
      },
      Math.max(1, Math.ceil(since + slowAfterMs - monotonicNow())),
    );
    this.#timer.unref();
  }

  /** Lets requests that are late give up their slots, as far as there are places for them, and starts what may follow. */
  #look(): void {
    const { lanes, slowAfterMs, monotonicNow, release } = this.#context;
    const now = monotonicNow();
    for (const [request, free] of this.#occupied) {
      if (now - request.since < slowAfterMs) {
        if (this.#timer === undefined) this.#watch(request);
        break;
      }
      for (const held of lanes.isLate(request)) release(held);
      if (!lanes.giveUpSlot(request)) continue;
      this.#occupied.delete(request);
      free();
    }
    this.fill();
  }
}
