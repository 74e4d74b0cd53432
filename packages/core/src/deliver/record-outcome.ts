import { expiresAtOf, inIso } from '../model/event-times.ts';
import type { DispatchResult, Sent } from '../model/held.ts';
import type { HealthPolicy } from '../model/health.ts';
import type { Outcome, OutcomeKind } from '../model/outcome.ts';
import { retryInMs, type RetryPolicy } from '../model/retry.ts';

/** What outcomes are decided by. */
export interface OutcomeRules {
  readonly retry: RetryPolicy;
  readonly health: Pick<HealthPolicy, 'probeEveryMs'>;
  readonly random: () => number;
}

/** How long a lane pauses when its receiver asks for time without saying how much, in milliseconds. */
const busyPauseMs = 5_000;
/** When a delivery that our own rules forbid is tried again: the rules, or where a name points, may change. */
const policySchedule: RetryPolicy = { scheduleMs: [3_600_000, 21_600_000], jitter: 0 };
/** How often a payload that throws while it is composed is tried. */
const maxInternalErrors = 3;
/** The waits after trouble of our own: doubled from the first to the last, in milliseconds. */
const localWaitMs = { first: 1_000, last: 60_000 };

/** When a record that is not there is looked for once more, in milliseconds: a replica may lag behind. */
const lookAgainForRecordMs = 30_000;

interface Decision {
  readonly outcome: OutcomeKind;
  readonly reason: string;
  readonly retryInMs?: number;
  readonly countsAgainstDelivery?: boolean;
  readonly endpoint?: Outcome['endpoint'];
  readonly pauseLaneMs?: number;
  /** Whether it ends without an attempt. */
  readonly unsent?: true;
}

/** Whether nothing more may be sent to its lane for now, even before the outcome is stored: it asked for time, or is gone. */
export function closesLane(result: DispatchResult): boolean {
  return result.ok === false && (result.fault === 'busy' || result.fault === 'gone') && result.retryAfterMs !== 0;
}

/** Whether a result says that its endpoint cannot take as much as it gets. */
export function isTrouble(result: DispatchResult): boolean {
  return result.ok === false && (result.fault === 'endpoint' || result.fault === 'busy');
}

/** Turns what came of an attempt into an outcome: the one place that knows what each answer leads to. */
export function outcomeOf(sent: Sent, rules: OutcomeRules): Outcome {
  const { held, result, startedAt, durationMs } = sent;
  const { claim, event } = held;
  const decision = beforeExpiry(decide(sent, rules), sent);
  const outcome: Outcome = {
    deliveryId: claim.id,
    fence: claim.fence,
    accountId: claim.accountId,
    subscriptionId: claim.subscriptionId,
    eventId: claim.eventId,
    topic: event.topic,
    outcome: decision.outcome,
    retryInMs: decision.retryInMs ?? null,
    number: decision.unsent ? 0 : claim.attempts + 1,
    reason: decision.reason,
    status: result.ok === null ? 0 : result.status,
    answer: result.ok === null ? '' : result.answer,
    startedAt,
    durationMs,
    countsAgainstDelivery: decision.countsAgainstDelivery ?? false,
    endpoint: decision.endpoint ?? 'unknown',
    pauseLaneMs: decision.pauseLaneMs ?? 0,
  };
  return claim.orderKey === undefined ? outcome : { ...outcome, orderKey: claim.orderKey };
}

function decide(sent: Sent, rules: OutcomeRules): Decision {
  const { held, result, laneClosed } = sent;
  const { claim } = held;
  if (result.ok) return { outcome: 'delivered', reason: '', endpoint: 'answered' };
  if (held.isTest) return { outcome: 'failed', reason: result.reason };
  if (result.ok === null) {
    switch (result.kind) {
      case 'unsubscribed':
      case 'expired':
        return { outcome: 'cancelled', reason: result.reason, unsent: true };
      case 'quarantined':
        return { outcome: 'failed', reason: result.reason, unsent: true };
      case 'record_gone':
      case 'record_not_loaded':
        return withoutRecord(sent, result.kind, result.reason, rules);
      case 'internal_error': {
        const policy = { ...rules.retry, scheduleMs: rules.retry.scheduleMs.slice(0, maxInternalErrors - 1) };
        return onSchedule(claim.failures, result.reason, policy, 0, rules.random);
      }
    }
  }
  const { fault, reason, retryAfterMs } = result;
  if (fault === 'local') {
    const wait = Math.min(localWaitMs.first * 2 ** Math.min(claim.attempts, 10), localWaitMs.last);
    // A suspended lane is tried with one delivery after another, which would all come to the same.
    const pauseLaneMs = held.subscription.health === 'suspended' ? wait : 0;
    return { outcome: 'retry', reason, retryInMs: wait, pauseLaneMs };
  }
  if (fault === 'policy') return onSchedule(claim.failures, reason, policySchedule, 0, rules.random);
  if (fault === 'gone') return { outcome: 'failed', reason: `${reason}: the endpoint is gone`, endpoint: 'failed' };
  const pauseLaneMs = fault === 'busy' ? (retryAfterMs ?? busyPauseMs) : 0;
  if (held.subscription.health === 'suspended') return probeFailed(reason, pauseLaneMs, rules);
  return {
    ...onSchedule(claim.failures, reason, rules.retry, pauseLaneMs, rules.random),
    endpoint: fault === 'busy' && laneClosed ? 'unknown' : 'failed',
    pauseLaneMs,
  };
}

/** A retry that would come too late is none: its delivery fails at once. */
function beforeExpiry(decision: Decision, { held, startedAt, durationMs }: Sent): Decision {
  const { retryInMs: waitMs, ...rest } = decision;
  if (waitMs === undefined) return decision;
  const expiresAt = expiresAtOf(held.event);
  const nextAt = startedAt + durationMs + waitMs;
  if (expiresAt === null || nextAt < expiresAt) return decision;
  const why = `its next attempt would be due at ${inIso(nextAt)}, and it expires at ${inIso(expiresAt)}`;
  return { ...rest, outcome: 'failed', reason: `${decision.reason} (${why})` };
}

/** Nothing could be sent: that is the delivery's own trouble, and says nothing about its endpoint. */
function withoutRecord(
  { held, startedAt }: Sent,
  kind: 'record_gone' | 'record_not_loaded',
  reason: string,
  rules: OutcomeRules,
): Decision {
  const { claim, subscription } = held;
  if (kind === 'record_gone' && startedAt - claim.createdAt >= lookAgainForRecordMs) {
    return { outcome: 'cancelled', reason, unsent: true };
  }
  const decision: Decision =
    kind === 'record_gone'
      ? { outcome: 'retry', reason: `${reason} (looked for once more)`, retryInMs: lookAgainForRecordMs }
      : onSchedule(claim.failures, reason, rules.retry, 0, rules.random);
  // A suspended lane is tried with one delivery after another.
  return { ...decision, pauseLaneMs: subscription.health === 'suspended' ? (decision.retryInMs ?? 0) : 0 };
}

/** A probe that fails says something about the endpoint, and nothing about the delivery that it was made with. */
function probeFailed(reason: string, pauseMs: number, { health }: OutcomeRules): Decision {
  const pauseLaneMs = Math.max(pauseMs, health.probeEveryMs);
  return {
    outcome: 'retry',
    reason: `${reason} (probe of a suspended subscription)`,
    retryInMs: pauseLaneMs,
    endpoint: 'failed',
    pauseLaneMs,
  };
}

function onSchedule(failures: number, reason: string, policy: RetryPolicy, notBeforeMs: number, random: () => number): Decision {
  const wait = retryInMs(policy, failures + 1, notBeforeMs, random());
  if (wait === null) return { outcome: 'failed', reason, countsAgainstDelivery: true };
  return { outcome: 'retry', reason, retryInMs: wait, countsAgainstDelivery: true };
}
