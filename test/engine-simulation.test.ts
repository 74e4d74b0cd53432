import { memoryStorage } from '@hookwell/adapters/memory';
import type { OutcomeKind, Subscription, TransportResult } from '@hookwell/core';
import type { TestClock } from '@hookwell/core/testing';
import test, { type ExecutionContext } from 'ava';
import { SeededRandom } from '../packages/core/test/deliver/seeded-random.ts';
import { delivered, failed, makeEngine, mary, scriptedTransport, toldAs } from './engine-fixture.ts';

const schedules = 200;
const finalNotices = ['delivery:delivered', 'delivery:failed', 'delivery:cancelled'] as const;
const accounts = ['1', '2', '3'];

type Behaviour = 'quick' | 'slow' | 'hangs' | 'fails' | 'busy' | 'unreachable' | 'gone' | 'erratic';
const behaviours: readonly Behaviour[] = ['quick', 'quick', 'slow', 'hangs', 'fails', 'busy', 'unreachable', 'gone', 'erratic'];

/** An endpoint's answer; the time that it takes passes for all. */
function answerOf(behaviour: Behaviour, random: SeededRandom, clock: TestClock): TransportResult {
  clock.move(behaviour === 'hangs' ? 1_000 : behaviour === 'slow' ? random.from(100, 900) : random.from(0, 5));
  switch (behaviour) {
    case 'quick':
    case 'slow':
      return delivered;
    case 'hangs':
      return failed('endpoint', 'no answer within 1,000 ms');
    case 'fails':
      return failed('endpoint', 'HTTP 500', { status: 500 });
    case 'busy':
      return failed('busy', 'HTTP 429', { status: 429, retryAfterMs: random.chance(0.5) ? random.from(0, 9_000) : null });
    case 'unreachable':
      return failed('local', 'no network');
    case 'gone':
      return failed('gone', 'HTTP 410', { status: 410 });
    case 'erratic':
      return answerOf(random.pick(behaviours.slice(0, 7)), random, clock);
  }
}

/** What a delivery has come to. */
interface End {
  readonly deliveryId: string;
  readonly outcome: OutcomeKind;
}

/** Runs one schedule to its end; answers how many deliveries there were, and what they came to. */
async function runSchedule(
  t: ExecutionContext,
  seed: number,
): Promise<{ readonly stored: number; readonly ends: readonly End[] }> {
  const random = new SeededRandom(seed);
  let healed = false;
  const behaviourOf = new Map<string, Behaviour>();
  const transport = scriptedTransport(async ({ url }) => {
    for (let turn = random.low(0, 4); turn > 0; turn -= 1) await new Promise(setImmediate);
    const behaviour = behaviourOf.get(url) ?? 'quick';
    return answerOf(healed || random.chance(0.05) ? 'quick' : behaviour, random, clock);
  });
  const { engine, clock, told } = makeEngine(t, memoryStorage(), {
    transports: [transport],
    random: () => random.next(),
    concurrency: random.low(1, 10),
    laneConcurrency: random.from(1, 5),
    accountConcurrency: random.from(1, 10),
    slowConcurrency: random.from(1, 4),
    maxDeliveriesInMemory: random.low(1, 40),
    groupSize: random.low(1, 20),
    recordEveryMs: 0,
    retry: { scheduleMs: Array.from({ length: random.from(0, 4) }, () => random.low(0, 60_000)) },
    health: { suspendAfterFailures: random.from(1, 10), suspendAfterMs: random.low(0, 60_000), probeEveryMs: 10_000 },
  });
  await engine.start({ deliver: false });
  const subscriptions: Subscription[] = [];
  for (let count = random.from(2, 8); count > 0; count -= 1) {
    const url = `script:${count}`;
    behaviourOf.set(url, random.pick(behaviours));
    const topic = random.chance(0.5) ? 'sub_tag(3)' : 'sub_tag(4)';
    subscriptions.push(await engine.subscriptions.create({ accountId: random.pick(accounts), url, topic }));
  }

  const cancelled: End[] = [];
  const cancel = async (accountId: string, deliveryId: string): Promise<void> => {
    await engine.deliveries.cancel(accountId, deliveryId);
    cancelled.push({ deliveryId, outcome: 'cancelled' });
  };
  let stored = 0;
  const emit = async (): Promise<void> => {
    const input = { accountId: random.pick(accounts), objectType: 0, record: mary };
    const { deliveries } = await engine.emit(random.chance(0.5) ? 'sub_tag(3)' : 'sub_tag(4)', input);
    stored += deliveries;
  };
  const own = async (): Promise<void> => {
    const { id, accountId } = random.pick(subscriptions);
    const [waiting] = (await engine.deliveries.list(accountId)).rows;
    const act = random.pick(['pause', 'resume', 'remove', 'cancel'] as const);
    // What is refused, because it has ended or somebody holds it, changes nothing.
    if (act === 'cancel') await (waiting && cancel(accountId, waiting.id).catch(() => undefined));
    else if (act === 'remove') await (random.chance(0.2) && engine.subscriptions.remove(accountId, id).catch(() => undefined));
    else await engine.subscriptions[act](accountId, id).catch(() => undefined);
  };
  for (let step = random.from(3, 8); step > 0; step -= 1) {
    await Promise.all([
      ...Array.from({ length: random.low(0, 12) }, emit),
      ...(random.chance(0.7) ? [engine.deliverDue()] : []),
      ...(random.chance(0.3) ? [own()] : []),
    ]);
    clock.move(random.low(0, 30_000));
  }

  healed = true;
  for (const { id, accountId } of subscriptions) await engine.subscriptions.resume(accountId, id).catch(() => undefined);
  const waits = async (): Promise<boolean> => {
    for (const accountId of accounts) if ((await engine.deliveries.list(accountId)).rows.length > 0) return true;
    return false;
  };
  for (let round = 0; round < 100 && (await waits()); round += 1) {
    await engine.deliverDue();
    clock.move(120_000);
  }
  t.deepEqual(engine.lanes.list(), [], `seed ${seed}`);
  t.deepEqual(toldAs(told, 'error'), [], `seed ${seed}`);
  await engine.stop();
  const ended = finalNotices.flatMap((name) => toldAs(told, name).map(({ outcome }) => outcome));
  return { stored, ends: [...cancelled, ...ended] };
}

test('memory: every delivery comes to one end, whatever endpoints, owners and the clock do', async (t) => {
  const kinds: Record<string, number> = { delivered: 0, failed: 0, cancelled: 0 };
  for (let seed = 1; seed <= schedules; seed += 1) {
    const { stored, ends } = await runSchedule(t, seed);
    const ids = new Set(ends.map(({ deliveryId }) => deliveryId));
    t.deepEqual({ ends: ends.length, deliveries: ids.size }, { ends: stored, deliveries: stored }, `seed ${seed}`);
    for (const { outcome } of ends) kinds[outcome] = (kinds[outcome] ?? 0) + 1;
  }
  t.log(kinds);
  t.deepEqual(
    Object.entries(kinds).filter(([, count]) => count < schedules / 10),
    [],
  );
});
