import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import test from 'ava';
import { makeSchedule } from './schedule.ts';
import type { Reached } from './watched.ts';
import { SeededRandom } from './seeded-random.ts';
import { Simulation } from './simulation.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' } }, strict: false });
const count = Number(values.seeds ?? 100_000);
const only = values.seed === undefined ? null : Number(values.seed);
/** So that the runner hears of them while they run. */
const perTest = 10_000;

function simulate(seed: number, keepsEvents = false): Simulation {
  const random = new SeededRandom(seed);
  return new Simulation(makeSchedule(seed, random), random, keepsEvents);
}

/** What went wrong with a seed, and how to see it again. */
async function story(seed: number, error: unknown): Promise<string> {
  const simulation = simulate(seed, true);
  await simulation.run().catch(() => undefined);
  return [
    `seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    inspect(makeSchedule(seed, new SeededRandom(seed)), { depth: 5, breakLength: 120 }),
    ...simulation.happened.slice(-30),
    `Again: npx ava packages/core/test/deliver/simulation.test.ts -- --seed ${seed}`,
  ].join('\n');
}

const reached: Partial<Record<keyof Reached | 'delivered' | 'failed' | 'cancelled', number>> = {};

for (let first = 1; first <= (only === null ? count : 1); first += perTest) {
  const seeds = only === null ? { from: first, to: Math.min(first + perTest - 1, count) } : { from: only, to: only };
  test.serial(
    `no limit is passed, no lane starves, and every delivery comes to one end: seeds ${seeds.from} to ${seeds.to}`,
    async (t) => {
      t.timeout(120_000);
      await nextTurn();
      for (let seed = seeds.from; seed <= seeds.to; seed += 1) {
        const simulation = simulate(seed);
        try {
          await simulation.run();
        } catch (error) {
          return t.fail(await story(seed, error));
        }
        for (const [name, times] of Object.entries({ ...simulation.watch.reached, ...simulation.storage.ended })) {
          const key = name as keyof typeof reached;
          reached[key] = (reached[key] ?? 0) + times;
        }
      }
      t.pass();
    },
  );
}

if (only === null) {
  test.serial('the schedules come to every limit, and to every end', (t) => {
    t.log(reached);
    t.deepEqual(
      Object.entries(reached).filter(([, times]) => times < count / 100),
      [],
    );
  });
}
