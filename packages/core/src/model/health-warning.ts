import { inWords, type Health, type HealthMove, type HealthPolicy } from './health.ts';

/** How near a step against a subscription is: half-way, or about to be made. */
export type WarningStage = 'half-way' | 'last';

/** How far on the way to the next step an owner is warned, and what the reason says from then on. */
const warnings = [
  { stage: 'last', from: 0.9, failing: 'about to be suspended', suspended: 'about to be unsubscribed' },
  { stage: 'half-way', from: 0.5, failing: 'half-way to being suspended', suspended: 'half-way to being unsubscribed' },
] as const satisfies readonly { stage: WarningStage; from: number; failing: string; suspended: string }[];

/**
 * The change that says in the reason how near the next step is; null when that is not new. The state stays, and its version
 * rises, so that of all processes one makes it, and its owner is warned once.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export function warningMove(
  subscription: { readonly id: number } & Health,
  policy: HealthPolicy,
  now: number,
): HealthMove | null {
  const { id, health, healthReason, healthVersion, consecutiveFailures, failingSince } = subscription;
  if (health !== 'failing' && health !== 'suspended') return null;
  const progress = healthProgress(subscription, policy, now);
  const warning = warnings.find(({ from }) => progress >= from);
  const before = warningOf(subscription);
  if (!warning || before === 'last' || before === warning.stage) return null;
  const [cause = ''] = healthReason.split('; ');
  const reason =
    health === 'suspended'
      ? `${cause}; ${warning.suspended}`
      : `${warning.failing}: ${consecutiveFailures} failures in a row over ${inWords(now - (failingSince ?? now))}`;
  return { subscriptionId: id, healthVersion, health, reason, pauseLaneMs: null };
}

/** Of what a subscription's owner was warned since it came into its state; null for nothing. */
export function warningOf({ health, healthReason }: Pick<Health, 'health' | 'healthReason'>): WarningStage | null {
  if (health !== 'failing' && health !== 'suspended') return null;
  return warnings.find((warning) => healthReason.includes(warning[health]))?.stage ?? null;
}

/** How far a subscription is on its way to being suspended, or unsubscribed: 0 while it is healthy, 1 once the step is due. */
function healthProgress(health: Health, policy: HealthPolicy, now: number): number {
  const over = (ms: number, limitMs: number): number => (limitMs === 0 ? 1 : ms / limitMs);
  if (health.health === 'suspended') return over(now - health.healthSince, policy.unsubscribeAfterMs);
  const { consecutiveFailures, failingSince } = health;
  return Math.min(consecutiveFailures / policy.suspendAfterFailures, over(now - (failingSince ?? now), policy.suspendAfterMs));
}
