import type { EngineEvents, HealthNotice } from '../engine-events.ts';
import type { Sent } from '../model/held.ts';
import { nextHealth, whatHappensNext, type HealthMove, type HealthPolicy, type HealthState } from '../model/health.ts';
import { warningMove, warningOf } from '../model/health-warning.ts';
import type { Outcome, OutcomeKind } from '../model/outcome.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Notices } from '../notices.ts';
import type { Plugin } from '../plugin.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { outcomeOf, type OutcomeRules } from './record-outcome.ts';

/** What `record` works with. */
export interface RecordContext extends OutcomeRules {
  readonly storage: Pick<StorageAdapter, 'recordOutcomes' | 'moveHealth'>;
  readonly plugins: readonly Pick<Plugin, 'name' | 'outcome'>[];
  readonly health: HealthPolicy;
  readonly notices: Notices;
  /** Is told of every lane that is closed for a while, with the milliseconds until something may be due again. */
  readonly onPaused: (subscriptionId: number, pauseMs: number) => void;
  /** Is told of a subscription that is healthy again, so that what was held back may flow at once. */
  readonly onRecovered: (subscriptionId: number) => void;
  /** Is told of a subscription that ended, so that nothing more is sent to it and what waits is cancelled at once. */
  readonly onEnded: (subscriptionId: number) => void;
}

/** What became of one claim: its outcome, and null when somebody else holds the delivery by now. */
export type Recorded = Outcome | null;

/** Writes the outcomes of a group under their fences, advances the health of their subscriptions, and tells. */
export async function record(group: readonly Sent[], context: RecordContext): Promise<readonly Recorded[]> {
  const outcomes = group.map((sent) => outcomeOf(sent, context));
  for (const plugin of context.plugins) {
    if (plugin.outcome) showToPlugin(plugin.outcome, group, outcomes, context.notices);
  }
  const result = await context.storage.recordOutcomes(outcomes);
  const written = outcomes.filter((_, index) => result.written[index]);
  for (const { subscriptionId, pauseLaneMs } of written) {
    if (pauseLaneMs > 0) context.onPaused(subscriptionId, pauseLaneMs);
  }
  tellOutcomes(group, outcomes, result.written, context.notices);
  try {
    await advanceHealth(result.subscriptions, goneIds(group, result.written), result.now, context);
  } catch (error) {
    // The outcomes are written; health is looked at again after the next one.
    context.notices.report(error);
  }
  return outcomes.map((outcome, index) => (result.written[index] ? outcome : null));
}

function showToPlugin(
  hook: NonNullable<Plugin['outcome']>,
  group: readonly Sent[],
  outcomes: readonly Outcome[],
  notices: Notices,
): void {
  for (const [index, { held, result }] of group.entries()) {
    const { subscription, event } = held;
    const outcome = outcomes[index] as Outcome;
    notices.guard(() => hook({ subscription, event, outcome, result: result.ok === null ? null : result }));
  }
}

const noticeNames = {
  delivered: 'delivery:delivered',
  retry: 'delivery:retrying',
  failed: 'delivery:failed',
  cancelled: 'delivery:cancelled',
} as const satisfies Record<OutcomeKind, keyof EngineEvents>;

function tellOutcomes(group: readonly Sent[], outcomes: readonly Outcome[], written: readonly boolean[], notices: Notices): void {
  for (const [index, outcome] of outcomes.entries()) {
    const name = written[index] ? noticeNames[outcome.outcome] : 'delivery:superseded';
    const sent = group[index];
    if (sent && notices.heard(name)) {
      notices.tell(name, { outcome, subscription: sent.held.subscription });
    }
  }
}

function goneIds(group: readonly Sent[], written: readonly boolean[]): ReadonlySet<number> {
  const gone = new Set<number>();
  for (const [index, { held, result }] of group.entries()) {
    if (written[index] && result.ok === false && result.fault === 'gone' && !held.isTest) gone.add(held.subscription.id);
  }
  return gone;
}

async function advanceHealth(
  subscriptions: readonly Subscription[],
  gone: ReadonlySet<number>,
  now: number,
  context: RecordContext,
): Promise<void> {
  const moves: HealthMove[] = [];
  const before: Subscription[] = [];
  for (const subscription of subscriptions) {
    const move = gone.has(subscription.id) ? unsubscribe(subscription) : moveOf(subscription, context.health, now);
    if (!move) continue;
    moves.push(move);
    before.push(subscription);
  }
  if (moves.length === 0) return;
  const changed = await context.storage.moveHealth(moves);
  for (const [index, subscription] of changed.entries()) {
    const pauseMs = moves[index]?.pauseLaneMs ?? 0;
    const from = before[index]?.health;
    if (!subscription || !from) continue;
    if (pauseMs > 0) context.onPaused(subscription.id, pauseMs);
    if (subscription.health === from) {
      tellWarning(subscription, context);
      continue;
    }
    if (subscription.health === 'healthy') context.onRecovered(subscription.id);
    if (subscription.health === 'unsubscribed') context.onEnded(subscription.id);
    tellHealth(subscription, from, context);
  }
}

function moveOf(subscription: Subscription, policy: HealthPolicy, now: number): HealthMove | null {
  return nextHealth(subscription, policy, now) ?? warningMove(subscription, policy, now);
}

function tellWarning(subscription: Subscription, { notices, health }: RecordContext): void {
  const stage = warningOf(subscription);
  if (stage) notices.tell('subscription:warning', { ...healthNotice(subscription, health), stage });
}

function unsubscribe({ id, health, healthVersion }: Subscription): HealthMove | null {
  if (health === 'unsubscribed') return null;
  const reason = 'its endpoint answered HTTP 410: gone';
  return { subscriptionId: id, healthVersion, health: 'unsubscribed', reason, pauseLaneMs: 0 };
}

const healthNames = {
  failing: 'subscription:failing',
  suspended: 'subscription:suspended',
  paused: 'subscription:paused',
  unsubscribed: 'subscription:unsubscribed',
} as const satisfies Record<Exclude<HealthState, 'healthy'>, keyof EngineEvents>;

/** Tells of a subscription's new state of health, and of the one that it was in. */
function tellHealth(subscription: Subscription, from: HealthState, { notices, health: policy }: RecordContext): void {
  const notice = healthNotice(subscription, policy);
  const { health } = subscription;
  if (health === 'healthy') notices.tell('subscription:recovered', { ...notice, from });
  else notices.tell(healthNames[health], notice);
}

/** What is told of a subscription's state of health. */
export function healthNotice(subscription: Subscription, health: HealthPolicy): HealthNotice {
  return { subscription, reason: subscription.healthReason, next: whatHappensNext(subscription, health) };
}
