import { setImmediate as nextTurn } from 'node:timers/promises';
import { accountAges } from '../account-ages.ts';
import type { Cut, HeldBounds } from '../model/cut.ts';
import type { AccountPruneAges } from '../model/retention.ts';
import type { Notices } from '../notices.ts';
import type { EngineOptions } from '../options.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** How long finished work is kept. Times in milliseconds. */
export interface RetentionPolicy {
  readonly deliveredMs: number;
  readonly failedMs: number;
  readonly maxAttemptsPerAccount: number;
  /** How long answers are kept; left out for as long as their lines. */
  readonly answersMs?: number;
  /** How long records are kept; left out for as long as their events. */
  readonly recordsMs?: number;
  /** How often to forget what is no longer kept. */
  readonly everyMs: number;
}

/** What retention works with. */
export interface RetentionContext {
  readonly policy: RetentionPolicy;
  /** Accounts for which another policy goes; asked before anything is forgotten, so that it is not when they are unknown. */
  readonly accounts: () => Promise<readonly AccountPruneAges[]>;
  /** How much later a line may be written than its attempt began. */
  readonly slackMs: number;
  readonly held: HeldBounds;
  readonly storage: Pick<StorageAdapter, 'prune' | 'expireBodies' | 'cutClosedLanes'>;
  readonly notices: Notices;
  readonly now: () => number;
  readonly monotonicNow: () => number;
}

/** How much is forgotten in one call, and for how many times as long as that took it rests before the next, up to a second. */
interface Speed {
  readonly rows: number;
  readonly rests: number;
}

/** Beside live traffic: so little that nobody notices. */
const gentle: Speed = { rows: 100, rests: 49 };
/** Once it has been at it for so long that more may become old meanwhile than it forgets. */
const behind: Speed = { rows: 1_000, rests: 4 };
const behindAfterMs = 300_000;
/** Where somebody waits for it. */
const waitedFor: Speed = { rows: 1_000, rests: 0 };
const longestRestMs = 1_000;

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
  #restTimer: NodeJS.Timeout | undefined;
  #endRest: (() => void) | undefined;

  constructor(context: RetentionContext) {
    this.#context = context;
    this.#pauseMs = context.policy.everyMs;
  }

  /** Forgets every so often from now on. The timer does not keep the process alive. */
  run(): void {
    this.#timer = setTimeout(() => {
      void this.#prune(true).then(() => {
        if (!this.#stopped) this.run();
      });
    }, this.#pauseMs);
    this.#timer.unref();
  }

  /** Forgets now, unless it has done so less than one period ago. */
  async catchUp(): Promise<void> {
    if (this.#context.now() - this.#prunedAt >= this.#context.policy.everyMs) await this.#prune(false);
  }

  /** Begins no further batch, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#restTimer);
    this.#endRest?.();
    await this.#pruning;
  }

  async #prune(rests: boolean): Promise<void> {
    this.#pruning ??= this.#pruneAll(rests);
    await this.#pruning;
  }

  async #pruneAll(rests: boolean): Promise<void> {
    const { policy, now, notices } = this.#context;
    this.#prunedAt = now();
    this.#pauseMs = Math.min(2 * this.#pauseMs, rarest * policy.everyMs);
    try {
      if (await this.#cutClosedLanes()) this.#pauseMs = policy.everyMs;
      const accounts = await this.#context.accounts();
      for (const batch of [
        async (rows: number) => this.#pruneBatch(accounts, rows),
        async (rows: number) => this.#expireBatch(rows),
      ]) {
        await this.#repeat(batch, rests);
      }
    } catch (error) {
      notices.report(error);
    }
    this.#pruning = undefined;
  }

  /** Goes on for as long as there may be more; where it rests, it leaves most of the time to others. */
  async #repeat(batch: (rows: number) => Promise<boolean>, rests: boolean): Promise<void> {
    const { policy, monotonicNow } = this.#context;
    const behindFrom = monotonicNow() + behindAfterMs;
    while (!this.#stopped) {
      const began = monotonicNow();
      const besideTraffic = began < behindFrom ? gentle : behind;
      const speed = rests ? besideTraffic : waitedFor;
      if (!(await batch(speed.rows))) return;
      this.#pauseMs = policy.everyMs;
      if (speed.rests > 0) await this.#rest(speed.rests * (monotonicNow() - began));
      else await nextTurn();
    }
  }

  async #rest(ms: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      this.#endRest = resolve;
      this.#restTimer = setTimeout(resolve, Math.min(ms, longestRestMs)).unref();
    });
  }

  /** Says whether something was cut. */
  async #cutClosedLanes(): Promise<boolean> {
    const { held, storage, notices } = this.#context;
    const { maxPerLane, maxAgeMs } = held;
    const sums = new Map<number, Cut>();
    try {
      for (let after: number | null = 0; after !== null && !this.#stopped;) {
        const { cuts, cursor } = await storage.cutClosedLanes({ maxPerLane, maxAgeMs, limit: waitedFor.rows, after });
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
  async #pruneBatch(accounts: readonly AccountPruneAges[], limit: number): Promise<boolean> {
    const { policy, storage } = this.#context;
    const pruned = await storage.prune({
      deliveredAfterMs: policy.deliveredMs,
      failedAfterMs: policy.failedMs,
      maxAttemptsPerAccount: policy.maxAttemptsPerAccount,
      accounts,
      limit,
    });
    return pruned.attempts + pruned.events + pruned.subscriptions > 0;
  }

  /** Says whether there may be more. */
  async #expireBatch(limit: number): Promise<boolean> {
    const { policy, slackMs, storage } = this.#context;
    const { answersMs, recordsMs } = policy;
    if (answersMs === undefined && recordsMs === undefined) return false;
    const expired = await storage.expireBodies({
      answersAfterMs: answersMs === undefined ? null : answersMs + slackMs,
      recordsAfterMs: recordsMs === undefined ? null : recordsMs + slackMs,
      limit,
    });
    return expired.answers + expired.records > 0;
  }
}

/** The retention of an engine with these options. */
export function retentionOf(options: EngineOptions, storage: RetentionContext['storage'], notices: Notices): Retention {
  const { retention: policy, leaseMs: slackMs, held, now, monotonicNow } = options;
  return new Retention({
    policy,
    accounts: async () => accountAges(options),
    slackMs,
    held,
    storage,
    notices,
    now,
    monotonicNow,
  });
}

function withCut({ subscription, tooMany, tooOld }: Cut, before: Cut | undefined): Cut {
  return { subscription, tooMany: tooMany + (before?.tooMany ?? 0), tooOld: tooOld + (before?.tooOld ?? 0) };
}
