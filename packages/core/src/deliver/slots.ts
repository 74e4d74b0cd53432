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

/** A request that holds a slot, and what frees that. */
interface Occupied {
  readonly request: UnderWay;
  readonly free: () => void;
}

/**
 * The slots of this process: p-queue runs so many at once, and each serves the lanes in turn until nothing more may start.
 * A request that takes long gives its slot up and goes on beside it, so that no endpoint keeps the others waiting.
 */
export class Slots {
  readonly #context: SlotsContext;
  readonly #queue: PQueue;
  /** In the order in which they began, so that the first one is the next to be late. */
  readonly #occupied = new Map<UnderWay, Occupied>();
  #timer: NodeJS.Timeout | undefined;
  #filling = false;

  constructor(context: SlotsContext) {
    this.#context = context;
    this.#queue = new PQueue({ concurrency: context.concurrency });
  }

  /** Whether a slot is free. */
  get hasFree(): boolean {
    return this.#queue.pending < this.#context.concurrency;
  }

  /** Starts what may be started now. */
  fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    const { lanes, report } = this.#context;
    while (lanes.hasNext && this.hasFree) this.#queue.add(this.#serve).catch(report);
    for (let request = lanes.nextSlow(); request; request = lanes.nextSlow()) void this.#run(request);
    this.#filling = false;
  }

  readonly #serve = async (): Promise<void> => {
    const { lanes } = this.#context;
    for (let request = lanes.next(); request; request = lanes.next()) {
      if (lanes.hasNext) this.fill();
      await this.#occupy(request);
    }
  };

  /** Sends one delivery; resolves when the slot is free, which may be before the request ends. */
  async #occupy(request: UnderWay): Promise<void> {
    return new Promise((free) => {
      this.#occupied.set(request, { request, free });
      if (this.#timer === undefined) this.#watch(request);
      void this.#run(request).then(free);
    });
  }

  /** Never rejects: what goes wrong must not end the process of the host. */
  async #run(request: UnderWay): Promise<void> {
    const { lanes, send, report } = this.#context;
    let answer: LaneAnswer | null = null;
    try {
      answer = await send(request.held);
    } catch (error) {
      report(error);
    }
    this.#occupied.delete(request);
    lanes.finish(request, answer);
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
    for (const { request, free } of this.#occupied.values()) {
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
