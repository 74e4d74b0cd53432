import test from 'ava';
import { inWords, nextHealth, observe, pauseMove, resumeMove, whatHappensNext, type HealthMove } from '../../src/model/health.ts';
import { warningMove, warningOf } from '../../src/model/health-warning.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { withMove, withObservation, type Subscription } from '../../src/model/subscription.ts';
import { exampleOutcome } from '../../src/testing/storage-examples.ts';
import { SeededRandom } from '../deliver/seeded-random.ts';
import { healthySubscription } from '../healthy-subscription.ts';

const minute = 60_000;
const histories = 100_000;

const claim = {
  id: 'd',
  fence: 'f',
  accountId: '1',
  subscriptionId: healthySubscription.id,
  eventId: 'e',
  attempts: 0,
  failures: 0,
  abandonments: 0,
  createdAt: 0,
};

const outcome = (endpoint: Outcome['endpoint'], pauseLaneMs: number): Outcome =>
  exampleOutcome(claim, { outcome: endpoint === 'answered' ? 'delivered' : 'retry', endpoint, pauseLaneMs });

/** Where a state may lead to, by what the endpoint does or its owner wants. */
const ways: Readonly<Record<string, readonly string[]>> = {
  healthy: ['failing', 'suspended', 'paused'],
  failing: ['healthy', 'suspended', 'paused'],
  suspended: ['healthy', 'failing', 'unsubscribed', 'paused'],
  paused: ['healthy', 'failing'],
  unsubscribed: [],
};

test(`in ${histories} random histories every change has its cause, its reason and what happens next, and every warning comes once`, (t) => {
  const random = new SeededRandom(20_261_130);
  const whole = (below: number): number => random.from(0, below - 1);
  const reached = new Map<string, number>();
  for (let history = 0; history < histories; history += 1) {
    const policy = {
      suspendAfterFailures: 1 + whole(6),
      suspendAfterMs: whole(3) * 10 * minute,
      probeEveryMs: (1 + whole(3)) * minute,
      unsubscribeAfterMs: whole(4) * 20 * minute,
    };
    let row = healthySubscription;
    let now = 0;
    const warned = new Set<string>();
    const move = (wanted: HealthMove | null): void => {
      if (!wanted) return;
      const moved = withMove(row, wanted, now);
      const found = problemOf(row, moved, policy, now, warned);
      if (!moved || found)
        throw new Error(`history ${history}: ${found ?? 'the move was not made'} ${JSON.stringify({ row, moved, policy, now })}`);
      reached.set(moved.health, (reached.get(moved.health) ?? 0) + 1);
      row = moved;
    };
    for (let step = 0; step < 12 && row.health !== 'unsubscribed'; step += 1) {
      now += whole(15) * minute;
      const doing = random.next();
      if (doing < 0.05) move(pauseMove(row, 'moving house'));
      else if (doing < 0.15) move(resumeMove(row));
      else if (row.health !== 'paused') {
        const batch = Array.from({ length: row.health === 'suspended' ? 1 : 1 + whole(3) }, () =>
          outcome(random.chance(0.25) ? 'answered' : random.chance(0.9) ? 'failed' : 'unknown', random.chance(0.1) ? minute : 0),
        );
        const [observation] = observe(batch);
        if (observation) row = withObservation(row, observation, now);
        move(nextHealth(row, policy, now) ?? warningMove(row, policy, now));
      }
    }
  }
  for (const state of Object.keys(ways)) t.true((reached.get(state) ?? 0) > 1_000, `${state}: ${reached.get(state)}`);
});

/** What is wrong with a change; null when nothing is. */
function problemOf(
  before: Subscription,
  after: Subscription | null,
  policy: Parameters<typeof nextHealth>[1],
  now: number,
  warned: Set<string>,
): string | null {
  if (!after) return 'lost';
  if (after.healthVersion !== before.healthVersion + 1) return 'the version did not rise by one';
  const warning = warningOf(after);
  if (after.health === before.health) {
    if (after.healthSince !== before.healthSince) return 'a warning moved the time of its state';
    if (after.pausedUntil !== before.pausedUntil) return 'a warning opened or closed the lane';
    const name = `${after.health} ${after.healthSince} ${warning}`;
    if (!warning || warned.has(name)) return `warned again, or of nothing: ${name}`;
    if (warning === 'half-way' && warned.has(`${after.health} ${after.healthSince} last`)) return 'warned of less than before';
    warned.add(name);
  } else {
    if (!ways[before.health]?.includes(after.health)) return `${before.health} may not become ${after.health}`;
    if (warning) return 'a new state begins with a warning';
  }
  if ((after.health === 'healthy') !== (after.healthReason === '')) return 'a reason is missing, or there is none to give';
  if ((after.health === 'healthy') !== (whatHappensNext(after, policy) === '')) return 'nothing says what happens next';
  if (after.health === 'suspended' && before.health !== 'suspended') {
    if (after.consecutiveFailures < policy.suspendAfterFailures) return 'suspended after too few failures';
    if (now - (after.failingSince ?? now) < policy.suspendAfterMs) return 'suspended too soon';
    if ((after.pausedUntil ?? 0) < now + policy.probeEveryMs) return 'its lane is open';
  }
  if (after.health === 'unsubscribed' && now - before.healthSince < policy.unsubscribeAfterMs)
    return `unsubscribed after ${inWords(now - before.healthSince)}`;
  return null;
}
