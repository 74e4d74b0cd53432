import type { ReplayFilter } from '@hookwell/core';
import test from 'ava';
import { postgresStorage } from '../src/postgres/index.ts';
import { countingPool } from './counting-pool.ts';
import { testDatabase } from './postgres-fixture.ts';
import { subscribe } from './storage-fixture.ts';

/** Events of the account, which has a finished delivery of each where it replays those. */
const events = 100_000;
/** Deliveries that a step makes due, and steps. */
const perStep = 12;
const steps = 5;
/** Blocks that a step may ask for, for each delivery: its own, those of its indexes, and those of what may be in its way. */
const blocksPerDelivery = 100;

const database = await testDatabase();
test.after.always(async () => database.remove());

for (const what of ['finished', 'missing'] as const) {
  for (const counted of [true, false]) {
    const known = counted ? 'that the server has counted' : 'that it knows nothing of yet';
    test.serial(
      `${events} events ${known}: a step of a replay of what is ${what} reads nothing but what goes with it`,
      async (t) => {
        t.timeout(300_000);
        const schema = `${what}_${counted}`;
        // What workers read for a statement is not counted.
        const pool = countingPool(database.pool({ options: '-c max_parallel_workers_per_gather=0' }), schema);
        const storage = postgresStorage({ pool, schema });
        await storage.start({ now: Date.now });
        const { accountId, id: lane } = await subscribe(storage);
        await fill(schema, accountId, what === 'finished' ? lane : null);
        if (counted) await database.behind.query('analyze');
        const when = { subscriptionId: null, topic: null, from: 0, until: null };
        const outcomes: ReplayFilter['outcomes'] = what === 'finished' ? ['failed'] : [];
        const filter: ReplayFilter = { ...when, record: null, outcomes, missing: what === 'missing' };
        await storage.createReplay({ id: 'replay', accountId, filter, pacePerSecond: 50 });
        for (let step = 0; step < steps; step += 1) {
          pool.taken();
          const { claims } = await storage.claimReplays({ fence: `step ${step}`, leaseMs: 60_000, limit: 1 });
          const { replay, fence } = claims[0]!;
          const search = { looksAt: what, filter: { ...when, outcomes }, lastLine: replay.lastLine } as const;
          const page = await storage.findReplayable(accountId, { ...search, after: replay.after, limit: 2 * perStep });
          const found = page.rows.slice(0, perStep);
          const [row] = await storage.advanceReplays([
            {
              id: 'replay',
              fence,
              steps: replay.steps,
              place: { looksAt: what, after: found.at(-1)!.after },
              again: found.flatMap(({ deliveryId }) => deliveryId ?? []),
              anew:
                what === 'finished' ? [] : found.map(({ eventId }) => ({ id: `of ${eventId}`, subscriptionId: lane, eventId })),
              waitMs: 0,
              end: null,
            },
          ]);
          t.is(row?.queued, (step + 1) * perStep);
          const blocks = pool.taken() / perStep;
          t.log(`${blocks.toFixed(1)} blocks for each delivery`);
          t.true(blocks <= blocksPerDelivery);
        }
        await storage.stop();
      },
    );
  }
}

/** Stores events of an account, each with a delivery to a lane that has failed if there is one. */
async function fill(schema: string, accountId: string, lane: number | null): Promise<void> {
  const { behind } = database;
  const [clock] = (await behind.query<{ now: string }>(`select "${schema}".now_ms()::text as now`)).rows;
  const at = Number(clock?.now) - 60_000;
  const day = Math.floor(Number(clock?.now) / 86_400_000);
  await behind.query(
    `insert into "${schema}".events (day, id, account_id, topic, object_type, occurred_at, stored_at, record)
    select ${day}, 'e' || i, $1::text, 'sub_tag(3)', 0, ${at}, ${at}, '{"id":' || i || '}' from generate_series(1, ${events}) as i`,
    [accountId],
  );
  if (lane !== null) {
    await behind.query(
      `insert into "${schema}".attempts (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status, started_at,
        duration_ms, answer
      ) select ${day}, $1::text, ${lane}, 'd' || i, 'e' || i, ${day}, 'sub_tag(3)', 1, 'failed', 'HTTP 500', 500, ${at}, 9, ''
      from generate_series(1, ${events}) as i`,
      [accountId],
    );
  }
}
