import type { Outcome } from './outcome.ts';

/** Health of a subscription: healthy → failing → suspended → healthy again, or unsubscribed; paused while its owner wants it so. */
export type HealthState = 'healthy' | 'failing' | 'suspended' | 'paused' | 'unsubscribed';

/** What a subscription's row knows of its endpoint. */
export interface Health {
  readonly health: HealthState;
  /** Why it is in this state, in plain words; empty while healthy. */
  readonly healthReason: string;
  /** Since when it is in this state, in milliseconds since the epoch. */
  readonly healthSince: number;
  /** Grows with every change of state; a change is made only on top of the version that it was decided on. */
  readonly healthVersion: number;
  /** Failed attempts since the last good answer. */
  readonly consecutiveFailures: number;
  /** When the first of them was recorded; null when there is none. */
  readonly failingSince: number | null;
  /** Until when nothing may be claimed from its lane, in milliseconds since the epoch; null when the lane is open. */
  readonly pausedUntil: number | null;
  /** When it was last opened after it had been suspended or paused, in milliseconds since the epoch; null when it never was. */
  readonly reopenedAt: number | null;
}

/** Whether a subscription holds what is stored for it, because it is suspended or paused. */
export function isClosed({ health }: Pick<Health, 'health'>): boolean {
  return health === 'suspended' || health === 'paused';
}

/** When an endpoint that keeps failing is suspended, how it is tried, and when it is given up. Times in milliseconds. */
export interface HealthPolicy {
  readonly suspendAfterFailures: number;
  readonly suspendAfterMs: number;
  readonly probeEveryMs: number;
  readonly unsubscribeAfterMs: number;
}

/** A change of state that the policy asks for. */
export interface HealthMove {
  readonly subscriptionId: number;
  /** The version it was decided on: the storage makes the change only if the row still has it. */
  readonly healthVersion: number;
  readonly health: HealthState;
  readonly reason: string;
  /** How long the lane stays closed from now on, in milliseconds; 0 opens it, null leaves it as it is. */
  readonly pauseLaneMs: number | null;
}

/**
 * What the policy makes of a subscription after its last outcomes: a change of state, or null when all stays as it is. A
 * failed probe of a suspended subscription closes its lane again by its outcome, not by a move.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export function nextHealth(subscription: { readonly id: number } & Health, policy: HealthPolicy, now: number): HealthMove | null {
  const { id, health, healthVersion, healthSince, consecutiveFailures, failingSince, pausedUntil } = subscription;
  const move = (to: HealthState, reason: string, pauseLaneMs: number | null): HealthMove => ({
    subscriptionId: id,
    healthVersion,
    health: to,
    reason,
    pauseLaneMs,
  });
  // What was on its way when the owner paused it says how the endpoint is, and resumes nothing.
  if (health === 'unsubscribed' || health === 'paused') return null;
  if (consecutiveFailures === 0) return health === 'healthy' ? null : move('healthy', '', health === 'suspended' ? 0 : null);
  const failingForMs = now - (failingSince ?? now);
  if (health === 'suspended') {
    if (now - healthSince >= policy.unsubscribeAfterMs) {
      return move('unsubscribed', `suspended for ${inWords(now - healthSince)} and every probe failed`, 0);
    }
    return null;
  }
  if (consecutiveFailures >= policy.suspendAfterFailures && failingForMs >= policy.suspendAfterMs) {
    const reason = `too many errors: ${consecutiveFailures} in a row over ${inWords(failingForMs)}`;
    // Not before the time that it asked for.
    return move('suspended', reason, Math.max(policy.probeEveryMs, (pausedUntil ?? now) - now));
  }
  return health === 'failing' ? null : move('failing', 'its last attempt failed', null);
}

/** How long an owner's pause lasts unless it is ended, in milliseconds: a thousand years, which every storage can add to a time. */
const untilResumedMs = 31_557_600_000_000;

/** The change that pauses a subscription for its owner; null when it is paused, or unsubscribed. */
export function pauseMove({ id, health, healthVersion }: { readonly id: number } & Health, reason: string): HealthMove | null {
  if (health === 'paused' || health === 'unsubscribed') return null;
  return { subscriptionId: id, healthVersion, health: 'paused', reason, pauseLaneMs: untilResumedMs };
}

/**
 * The change that lets a paused or suspended subscription flow again on its owner's word; null when it does already. It has
 * not answered yet: failures before it count on, so that it is suspended again at once if it still fails.
 */
export function resumeMove(subscription: { readonly id: number } & Health): HealthMove | null {
  const { id, healthVersion, consecutiveFailures } = subscription;
  if (!isClosed(subscription)) return null;
  const failing = consecutiveFailures > 0;
  const reason = failing ? `resumed by its owner after ${consecutiveFailures} failures in a row` : '';
  return { subscriptionId: id, healthVersion, health: failing ? 'failing' : 'healthy', reason, pauseLaneMs: 0 };
}

/** What happens next to a subscription, in plain words. */
export function whatHappensNext(health: Health, policy: HealthPolicy): string {
  switch (health.health) {
    case 'healthy':
      return '';
    case 'failing':
      return (
        `suspended after ${policy.suspendAfterFailures} failures in a row over ${inWords(policy.suspendAfterMs)} ` +
        `(${health.consecutiveFailures} so far); healthy again at the first good answer`
      );
    case 'suspended':
      return (
        `its events are kept; one delivery is tried every ${inWords(policy.probeEveryMs)}, and a good answer lets all of ` +
        `them flow; unsubscribed at ${new Date(health.healthSince + policy.unsubscribeAfterMs).toISOString()} otherwise`
      );
    case 'paused':
      return 'its events are kept, and flow once it is resumed; nothing is sent until then';
    case 'unsubscribed':
      return 'nothing is sent any more; subscribe again once the endpoint works';
  }
}

/** What a batch of outcomes says about one subscription. */
export interface Observation {
  readonly subscriptionId: number;
  /** Whether the endpoint gave a good answer at least once. */
  readonly answered: boolean;
  /** Failures after the last good answer of the batch, or all of them when it has none. */
  readonly failures: number;
  readonly pauseLaneMs: number;
  /** The last attempt of the batch; null when nothing was sent. */
  readonly last: { readonly startedAt: number; readonly status: number; readonly eventId: string } | null;
}

/**
 * Sums a batch of outcomes up, in their order, by subscription: what an adapter adds to each subscription's row. A
 * pause that several answers ask for counts as one failure, not as many.
 */
export function observe(outcomes: readonly Outcome[]): Observation[] {
  const bySubscription = new Map<number, { -readonly [Key in keyof Observation]: Observation[Key] }>();
  for (const outcome of outcomes) {
    let sum = bySubscription.get(outcome.subscriptionId);
    if (!sum) {
      sum = { subscriptionId: outcome.subscriptionId, answered: false, failures: 0, pauseLaneMs: 0, last: null };
      bySubscription.set(outcome.subscriptionId, sum);
    }
    if (outcome.endpoint === 'answered') {
      sum.answered = true;
      sum.failures = 0;
    } else if (outcome.endpoint === 'failed' && !(outcome.pauseLaneMs > 0 && sum.pauseLaneMs > 0)) {
      sum.failures += 1;
    }
    sum.pauseLaneMs = Math.max(sum.pauseLaneMs, outcome.pauseLaneMs);
    if (outcome.number > 0) {
      sum.last = { startedAt: outcome.startedAt, status: outcome.status, eventId: outcome.eventId };
    }
  }
  return [...bySubscription.values()];
}

/** Whether an observation may move a subscription's health: it failed, or it answered while not healthy. */
export function mayMoveHealth({ failures, answered }: Pick<Observation, 'failures' | 'answered'>, health: HealthState): boolean {
  return failures > 0 || (answered && health !== 'healthy');
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A span of time for people: `3 days`, `90 minutes`, `1 second`. */
export function inWords(ms: number): string {
  for (const [name, size] of units) {
    if (ms >= size && (ms % size === 0 || ms >= 10 * size)) {
      const count = Math.round(ms / size);
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  }
  return ms >= 1_000 ? `${Math.round(ms / 1_000)} seconds` : `${Math.round(ms)} ms`;
}
