import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cut, HeldBounds } from '../model/cut.ts';
import type { Notices } from '../notices.ts';
import type { PruneResult, StorageAdapter } from '../storage-adapter.ts';

/** How long finished work is kept. Times in milliseconds. */
export interface RetentionPolicy {
  readonly deliveredMs: number;
  readonly failedMs: number;
  readonly maxAttemptsPerAccount: number;
  /** How often to forget what is no longer kept. */
  readonly everyMs: number;
}

/** What retention works with. */
export interface RetentionContext {
  readonly policy: RetentionPolicy;
  readonly held: HeldBounds;
  readonly storage: Pick<StorageAdapter, 'prune' | 'cutClosedLanes'>;
  readonly notices: Notices;
  readonly now: () => number;
}

/** Rows deleted in one call: few enough that nobody waits for it. */
const rowsPerCall = 1_000;

/** How much rarer it looks, at the most, as long as there is nothing to forget. */
const rarest = 10;

/**
 * Forgets, batch after batch and every so often, what the policy no longer keeps, once it has ended what closed lanes hold
 * beyond their bounds.
 */
export class Retention {
  readonly #context: RetentionContext;
  #timer: NodeJS.Timeout | undefined;
  #pruning: Promise<void> | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #pauseMs: number;
  #stopped = false;

  constructor(context: RetentionContext) {
    this.#context = context;
    this.#pauseMs = context.policy.everyMs;
  }

  /** Forgets every so often from now on. The timer does not keep the process alive. */
  run(): void {
    this.#timer = setTimeout(() => {
      void this.#prune().then(() => {
        if (!this.#stopped) this.run();
      });
    }, this.#pauseMs);
    this.#timer.unref();
  }

  /** Forgets now, unless it has done so less than one period ago. */
  async catchUp(): Promise<void> {
    if (this.#context.now() - this.#prunedAt >= this.#context.policy.everyMs) await this.#prune();
  }

  /** Begins no further batch, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pruning;
  }

  async #prune(): Promise<void> {
    this.#pruning ??= this.#pruneAll();
    await this.#pruning;
  }

  async #pruneAll(): Promise<void> {
    const { policy, now, notices } = this.#context;
    this.#prunedAt = now();
    this.#pauseMs = Math.min(2 * this.#pauseMs, rarest * policy.everyMs);
    try {
      if (await this.#cutClosedLanes()) this.#pauseMs = policy.everyMs;
      while (!this.#stopped && (await this.#pruneBatch())) {
        this.#pauseMs = policy.everyMs;
        await nextTurn();
      }
    } catch (error) {
      notices.report(error);
    }
    this.#pruning = undefined;
  }

  /** Says whether something was cut. */
  async #cutClosedLanes(): Promise<boolean> {
    const { held, storage, notices } = this.#context;
    const { maxPerLane, maxAgeMs } = held;
    const sums = new Map<number, Cut>();
    try {
      for (let after: number | null = 0; after !== null && !this.#stopped;) {
        const { cuts, cursor } = await storage.cutClosedLanes({ maxPerLane, maxAgeMs, limit: rowsPerCall, after });
        for (const cut of cuts) sums.set(cut.subscription.id, withCut(cut, sums.get(cut.subscription.id)));
        after = cursor;
        await nextTurn();
      }
      return sums.size > 0;
    } finally {
      for (const cut of sums.values()) notices.tell('subscription:cut', cut);
    }
  }

  /** Says whether there may be more. */
  async #pruneBatch(): Promise<boolean> {
    const { policy, storage } = this.#context;
    const pruned: PruneResult = await storage.prune({
      deliveredAfterMs: policy.deliveredMs,
      failedAfterMs: policy.failedMs,
      maxAttemptsPerAccount: policy.maxAttemptsPerAccount,
      limit: rowsPerCall,
    });
    return pruned.attempts + pruned.events + pruned.subscriptions > 0;
  }
}

function withCut({ subscription, tooMany, tooOld }: Cut, before: Cut | undefined): Cut {
  return { subscription, tooMany: tooMany + (before?.tooMany ?? 0), tooOld: tooOld + (before?.tooOld ?? 0) };
}
