import type { Turn, UnderWay } from '../../src/deliver/lane.ts';
import type { LaneLimits, Lanes } from '../../src/deliver/lanes.ts';
import type { SchedulerWatch } from './scheduler-watch.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { Answer } from './simulated-network.ts';
import type { SimulatedHeld } from './simulated-storage.ts';
import { violated } from './violation.ts';
import type { WatchedLane } from './watched.ts';

/** A request under way. */
interface Request {
  readonly underWay: UnderWay;
  readonly lane: WatchedLane;
  readonly held: SimulatedHeld;
  holds: Turn;
}

interface SimulatedSlotsContext {
  readonly clock: SimulatedClock;
  readonly lanes: Lanes;
  readonly watch: SchedulerWatch;
  readonly limits: Pick<LaneLimits, 'concurrency' | 'slowAfterMs'>;
  /** Answers how a request will go; null when nothing is sent. */
  readonly send: (held: SimulatedHeld) => Answer | null;
  readonly answered: (held: SimulatedHeld, answer: Answer) => void;
  readonly release: (held: SimulatedHeld) => void;
}

/** Does at once what `Slots` promises: starts all that may start, and lets late requests give up their slots. */
export class SimulatedSlots {
  readonly #context: SimulatedSlotsContext;
  /** Requests that hold a slot and will be late, in the order in which they began. */
  readonly #late = new Set<Request>();

  constructor(context: SimulatedSlotsContext) {
    this.#context = context;
  }

  fill(): void {
    const { lanes, watch, limits } = this.#context;
    for (let started = true; started;) {
      started = false;
      while (watch.slots < limits.concurrency && lanes.hasNext) {
        this.#begin(lanes.next() ?? violated('something has its turn, and nothing starts'));
        started = true;
      }
      for (let underWay = lanes.nextSlow(); underWay; underWay = lanes.nextSlow()) {
        this.#begin(underWay);
        started = true;
      }
    }
  }

  #begin(underWay: UnderWay): void {
    const { clock, watch, limits, send } = this.#context;
    const held = underWay.held as unknown as SimulatedHeld;
    const lane = watch.lanes[held.subscription.id - 1] as WatchedLane;
    watch.started(lane, underWay, held.claim.attempts > 0);
    const request: Request = { underWay, lane, held, holds: underWay.holds };
    if (clock.keeps) clock.keep(`start ${held.claim.id} of lane ${lane.id} as ${request.holds}`);
    const answer = send(held);
    if (answer === null) return this.#end(request, null);
    if (request.holds !== 'slow' && answer.durationMs > limits.slowAfterMs) {
      this.#late.add(request);
      clock.after(limits.slowAfterMs, 'late', () => this.#look());
    }
    clock.after(answer.durationMs, 'answer', () => this.#answered(request, answer));
  }

  /** Requests that are late give their slots up, as far as there are places for them. */
  #look(): void {
    const { clock, lanes, watch, limits, release } = this.#context;
    for (const request of this.#late) {
      const { underWay, lane } = request;
      if (clock.now - underWay.since < limits.slowAfterMs) break;
      for (const held of lanes.isLate(underWay) as unknown as readonly SimulatedHeld[]) {
        watch.handedBack(lane, held.claim.attempts > 0);
        release(held);
      }
      if (!lanes.giveUpSlot(underWay)) continue;
      watch.gaveUpSlot(lane, request.holds);
      request.holds = 'slow';
      this.#late.delete(request);
    }
    this.fill();
  }

  #answered(request: Request, answer: Answer): void {
    this.#context.answered(request.held, answer);
    this.#late.delete(request);
    this.#end(request, answer);
    if (request.holds === 'slow') this.#look();
    else this.fill();
  }

  #end({ underWay, lane, holds }: Request, answer: Answer | null): void {
    const { lanes, watch } = this.#context;
    lanes.finish(underWay, answer === null ? null : { isTrouble: !answer.ok, durationMs: answer.durationMs });
    watch.ended(lane, holds);
  }
}
