import type { Replay, ReplayClaim, ReplayStep } from '../model/replay.ts';
import type { Notices } from '../notices.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** What replaying works with. */
export interface ReplayingContext {
  readonly storage: Pick<StorageAdapter, 'claimReplays' | 'advanceReplays'>;
  /** Says what the next step of a replay is. */
  readonly plan: (claim: ReplayClaim, now: number) => Promise<ReplayStep>;
  readonly newId: () => string;
  readonly leaseMs: number;
  readonly monotonicNow: () => number;
  readonly notices: Notices;
  /** Is told that deliveries were made due. */
  readonly onDue: () => void;
}

/** Replays whose steps are made one after the other, between two looks. */
const replaysPerRound = 10;
/**
 * How long it waits to look again: while another process is at it, after trouble, and for a call from outside. Where nothing
 * runs, twice as long each time, up to a minute.
 */
const lookAgainMs = { besideOthers: 1_000, afterTrouble: 5_000, heard: 2_000, idle: 5_000, idlest: 60_000 };

/**
 * Takes replays further, step by step. Each step is leased, and moves the replay's place in the transaction that makes its
 * deliveries due: a process that dies in the middle leaves a step that is made as a whole by another one, or was.
 */
export class Replaying {
  readonly #context: ReplayingContext;
  #timer: NodeJS.Timeout | undefined;
  #stepping: Promise<unknown> | undefined;
  #running = false;
  /** Whether it was to look again while it was still at it. */
  #wanted = false;
  #stopped = false;
  #idleMs: number = lookAgainMs.idle;
  /** When it looks again, on the monotonic clock. */
  #looksAt = Number.POSITIVE_INFINITY;

  constructor(context: ReplayingContext) {
    this.#context = context;
  }

  /** Makes steps as they become due from now on. Its timer does not keep the process alive. */
  run(): void {
    this.#running = true;
    this.wake();
  }

  /** Looks at once for replays that are due. */
  wake(): void {
    this.#lookIn(0);
  }

  /** Takes note that another process may have something to do: it looks a moment later, however often it is told. */
  heard(): void {
    this.#lookIn(lookAgainMs.heard);
  }

  /** Makes the steps that are due now, one of each replay; says whether there were any. */
  async catchUp(): Promise<boolean> {
    await this.#stepping;
    const { made } = await this.#round();
    return made > 0;
  }

  /** Begins no further step, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#stepping;
  }

  #lookIn(ms: number): void {
    const at = this.#context.monotonicNow() + ms;
    if (!this.#running || at >= this.#looksAt) return;
    this.#looksAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
    this.#timer.unref();
  }

  #look(): void {
    this.#looksAt = Number.POSITIVE_INFINITY;
    if (this.#stepping) {
      this.#wanted = true;
      return;
    }
    this.#stepping = this.#round()
      .then(({ nextInMs }) => nextInMs)
      .catch((error: unknown) => {
        this.#context.notices.report(error);
        return lookAgainMs.afterTrouble;
      })
      .then((nextInMs) => {
        this.#stepping = undefined;
        this.#lookIn(this.#wanted ? 0 : nextInMs);
        this.#wanted = false;
      });
  }

  /** One step of each replay that is due; says how many, and in how many milliseconds to look again. */
  async #round(): Promise<{ readonly made: number; readonly nextInMs: number }> {
    const { storage, newId, leaseMs } = this.#context;
    const { claims, nextInMs: othersInMs, now } = await storage.claimReplays({ fence: newId(), leaseMs, limit: replaysPerRound });
    const isIdle = claims.length === 0 && othersInMs === null;
    this.#idleMs = isIdle ? Math.min(2 * this.#idleMs, lookAgainMs.idlest) : lookAgainMs.idle;
    let nextInMs = othersInMs === null ? this.#idleMs : Math.max(othersInMs, claims.length > 0 ? 0 : lookAgainMs.besideOthers);
    for (const claim of claims) {
      if (this.#stopped) break;
      nextInMs = Math.min(nextInMs, await this.#step(claim, now));
    }
    return { made: claims.length, nextInMs: Math.min(nextInMs, lookAgainMs.idlest) };
  }

  /** Answers in how many milliseconds its next step is due. */
  async #step(claim: ReplayClaim, now: number): Promise<number> {
    const { plan, storage, notices, onDue } = this.#context;
    try {
      const step = await plan(claim, now);
      const [row] = await storage.advanceReplays([step]);
      if (row && row.queued > claim.replay.queued) onDue();
      if (row && step.end) tellEnd(row, step.end.state, notices);
      return row?.state === 'running' ? step.waitMs : lookAgainMs.idlest;
    } catch (error) {
      // Its lease runs out, and somebody makes the step again.
      notices.report(error);
      return lookAgainMs.idlest;
    }
  }
}

/** Tells that its last step has ended a replay; one that was cancelled meanwhile has not been ended by it. */
function tellEnd(replay: Replay, end: 'done' | 'failed', notices: Notices): void {
  if (replay.state !== end) return;
  notices.tell(end === 'done' ? 'replay:completed' : 'replay:failed', { replay });
}
