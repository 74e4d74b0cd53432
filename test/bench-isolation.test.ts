import test from 'ava';
import { UsageError } from '../bench/src/arguments.ts';
import { atLeast, atMost } from '../bench/src/command/bounds.ts';
import { flag, helpOf, integer, names, readOptions } from '../bench/src/command/options.ts';
import { growthOf } from '../bench/src/isolation/backlog.ts';
import type { IsolationResult } from '../bench/src/isolation/bench.ts';
import { healthyFigures, lossesOf, slotFigures } from '../bench/src/isolation/figures.ts';
import { drawPopulation } from '../bench/src/isolation/measure.ts';
import type { Timeline } from '../bench/src/isolation/run.ts';
import type { Behaviour } from '../bench/src/traffic/behaviours.ts';
import { randomFrom } from '../bench/src/traffic/random.ts';
import { makeSchedule, zipf, type Schedule } from '../bench/src/traffic/schedule.ts';
import { runBench } from './bench-program.ts';

test('a bench reads its options, gives others where it is only to be seen working, and refuses what it does not know', (t) => {
  const options = { rounds: integer('rounds', 3, 1, 1, 9), only: names('parts', ['one', 'two']), quick: flag('little') };
  t.deepEqual(readOptions(options, []), { rounds: 3, only: ['one', 'two'], quick: false });
  t.deepEqual(readOptions(options, ['--quick', '--only', 'two']), { rounds: 1, only: ['two'], quick: true });
  t.is(readOptions(options, ['--quick', '--rounds', '7']).rounds, 7);
  const refusals = [
    [['--round', '2'], 'There is no option --round. Did you mean "--rounds"? See --help.'],
    [['--rounds', '10'], '--rounds is "10", but must be a whole number from 1 to 9.'],
    [['--only', 'tow'], '--only has the unknown name "tow". Did you mean "two"? Names: one, two.'],
    [['two'], '"two" is not an option. Options begin with --; see --help.'],
  ] as const;
  for (const [args, message] of refusals) t.throws(() => readOptions(options, args), { instanceOf: UsageError, message });
  t.regex(helpOf('bench:some', 'What.', options, 'More.'), /--rounds N\s+rounds, 1 to 9 \(3\)/);
});

test('a bound holds on its edge, and never for what is no number', (t) => {
  t.true(atMost('p99', 1.1, 1.1).holds);
  t.false(atMost('p99', 1.101, 1.1).holds);
  t.false(atMost('p99', Number.NaN, 1.1).holds);
  t.true(atLeast('rate', 0.85, 0.85).holds);
  t.false(atLeast('rate', 0.849, 0.85).holds);
});

test('a quarter of 1,000 endpoints is sick, of each 20 neighbours in rank as many, and the same ones for the same seed', (t) => {
  const { endpointOfRank, behaviourOf, trafficShare } = drawPopulation(7);
  const count = (endpoints: readonly number[], behaviour: Behaviour): number =>
    endpoints.filter((endpoint) => behaviourOf[endpoint] === behaviour).length;
  t.deepEqual(
    endpointOfRank.toSorted((a, b) => a - b),
    Array.from({ length: 1_000 }, (_, index) => index),
  );
  for (const some of [endpointOfRank.slice(0, 20), endpointOfRank.slice(980)]) {
    t.deepEqual(
      [count(some, 'ok'), count(some, 'hang'), count(some, 'drip'), count(some, 'reset'), count(some, 'busy')],
      [15, 2, 1, 1, 1],
    );
  }
  t.deepEqual([count(endpointOfRank, 'hang'), count(endpointOfRank, 'ok')], [100, 750]);
  t.true(Math.abs(Object.values(trafficShare).reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  t.deepEqual(drawPopulation(7), drawPopulation(7));
  t.notDeepEqual(drawPopulation(7).endpointOfRank, drawPopulation(8).endpointOfRank);
});

test('traffic comes as often as it is to, and the second in rank gets half of what the first gets', (t) => {
  const random = randomFrom(3);
  const schedule = makeSchedule({ perSecond: 2_000, seconds: 10, choose: zipf([5, 9, 2, 7], random), random });
  t.true(Math.abs(schedule.records - 20_000) < 600, String(schedule.records));
  t.deepEqual(schedule.dueMs, schedule.dueMs.toSorted());
  const shares = [5, 9, 2, 7].map((endpoint) => schedule.endpoint.slice(1).filter((one) => one === endpoint).length);
  const whole = 1 + 1 / 2 + 1 / 3 + 1 / 4;
  for (const [rank, share] of shares.entries()) {
    t.true(Math.abs(share / schedule.records - 1 / (rank + 1) / whole) < 0.02, shares.join());
  }
  const again = randomFrom(3);
  t.deepEqual(makeSchedule({ perSecond: 2_000, seconds: 10, choose: zipf([5, 9, 2, 7], again), random: again }), schedule);
});

function scheduleOf(...rows: readonly (readonly [dueMs: number, endpoint: number])[]): Schedule {
  return {
    dueMs: Float64Array.from([0, ...rows.map(([dueMs]) => dueMs)]),
    endpoint: Uint32Array.from([0, ...rows.map(([, endpoint]) => endpoint)]),
    records: rows.length,
  };
}

test('latency counts from when an event was due, only of healthy endpoints and once the time to settle is over', (t) => {
  const schedule = scheduleOf([10, 0], [100, 0], [110, 1], [120, 0]);
  const timeline: Timeline = {
    dueAt: Float64Array.of(0, 1_010, 1_100, 1_110, 1_120),
    emittedAt: Float64Array.of(0, 1_010, 1_101, 1_111, 1_121),
    storedAt: Float64Array.of(0, 1_012, 1_103, 1_113, 1_130),
    sentAt: Float64Array.of(0, 1_013, 1_107, 1_117, 1_125),
    receivedAt: Float64Array.of(0, 1_014, 1_115, 9_999, 1_129),
  };
  const figures = healthyFigures(schedule, timeline, (endpoint) => endpoint === 0, 50);
  t.is(figures.deliveries, 2);
  t.deepEqual(figures.fromDue, { p50: 9, p99: 15, p999: 15 });
  t.deepEqual(figures.fromEmit, { p50: 8, p99: 14, p999: 14 });
  t.deepEqual(figures.slowest, { late: 1, store: 2, wait: 4, wire: 8 });
  // The last one was sent before its caller was told that it is durable: that time is the storing's.
  t.deepEqual(figures.stages.store, { p50: 2, p99: 4 });
  t.deepEqual(figures.stages.wait, { p50: 0, p99: 4 });
});

test('slots are counted by behaviour: the most of a lane, lanes beyond two, and all together on the average', (t) => {
  const lane = (endpoint: number, inFlight: number, waiting = 0) => ({ endpoint, inFlight, waiting, limit: 25 });
  const samples = [
    { atMs: 0, rssMib: 1, lanes: [lane(0, 9), lane(1, 1)] },
    { atMs: 100, rssMib: 1, lanes: [lane(0, 3, 6), lane(1, 2), lane(2, 1)] },
    { atMs: 150, rssMib: 1, lanes: [lane(0, 2), lane(1, 1)] },
  ];
  const requests = { ok: 5, hang: 7, drip: 0, reset: 0, busy: 0 };
  const { hang, ok, drip } = slotFigures(samples, ['hang', 'hang', 'ok'], requests, 100);
  t.deepEqual(hang, {
    mostOfLane: 9,
    mostOfLaneSettled: 3,
    lanesBeyondTwo: 1,
    meanInFlight: 4,
    meanWaiting: 3,
    highestLimit: 25,
    requests: 7,
  });
  t.is(ok.meanInFlight, 0.5);
  t.is(drip.highestLimit, null);
});

test('what never arrived, came again without a reason, is forgotten or not finished is counted', (t) => {
  const plan = { schedule: scheduleOf([1, 0], [2, 0], [3, 0], [4, 1], [5, 1], [6, 1]), behaviourOf: ['ok', 'hang'] as const };
  const arrivalsOf = (...count: readonly number[]) => ({
    count: Uint16Array.of(0, ...count),
    firstAt: new Float64Array(7),
    requests: { ok: 0, hang: 0, drip: 0, reset: 0, busy: 0 },
  });
  const none = { missing: 0, repeated: 0, failedAttempts: 0, forgotten: 0, unrecorded: 0 };
  const well = { arrivals: arrivalsOf(1, 1, 1, 2, 0, 1), unfinished: new Map([[1, 3]]), retried: new Map([[1, 3]]) };
  t.deepEqual(lossesOf(plan, well), none);
  t.deepEqual(lossesOf(plan, { ...well, arrivals: arrivalsOf(1, 0, 3, 0, 0, 0) }), { ...none, missing: 1, repeated: 2 });
  t.deepEqual(lossesOf(plan, { ...well, unfinished: new Map([[1, 2]]) }), { ...none, forgotten: 1 });
  const unfinished = new Map([
    [0, 1],
    [1, 3],
  ]);
  t.deepEqual(lossesOf(plan, { ...well, unfinished }), { ...none, unrecorded: 1 });
  const retried = new Map([[0, 1]]);
  const late = { arrivals: arrivalsOf(1, 2, 1, 0, 0, 0), unfinished: new Map([[1, 3]]), retried };
  t.deepEqual(lossesOf(plan, late), { ...none, failedAttempts: 1 });
  const waiting = new Map([
    [0, 1],
    [1, 3],
  ]);
  const absent = { arrivals: arrivalsOf(1, 0, 1, 0, 0, 0), unfinished: waiting, retried };
  t.deepEqual(lossesOf(plan, absent), { ...none, failedAttempts: 1 });
});

test('growth is that from the first quarter of what was seen after the warm-up to the last', (t) => {
  const samples = [400, 100, 101, 103, 104, 106, 107, 109, 110].map((rssMib, index) => ({ atMs: index * 1_000 + 1_500, rssMib }));
  t.is(growthOf(samples), 9);
  t.is(growthOf([]), 0);
});

test('bench:isolation runs with sick endpoints and without, loses nothing, and says what slots they took', async (t) => {
  t.timeout(120_000);
  const args = [
    '--only',
    'sick',
    '--storages',
    'memory',
    '--peers',
    'none',
    '--quick',
    '--rate',
    '100',
    '--deadline',
    '1000',
    '--json',
  ];
  const { code, stdout, stderr } = await runBench('isolation', ...args);
  t.is(code, 0, stderr);
  const { senders } = JSON.parse(stdout) as IsolationResult;
  t.deepEqual(
    senders.map(({ name }) => name),
    ['hookwell-memory'],
  );
  const [{ alone, beside, slots, losses }] = senders as [IsolationResult['senders'][number]];
  t.is(alone.deliveries, beside.deliveries);
  t.true(alone.deliveries > 40);
  for (const { fromDue } of [alone, beside]) {
    t.true(fromDue.p50.median > 0 && fromDue.p50.median <= fromDue.p99.median && fromDue.p99.median <= fromDue.p999.median);
  }
  for (const behaviour of ['hang', 'drip', 'reset', 'busy'] as const) t.true(slots[behaviour].requests > 0, behaviour);
  t.true(slots.hang.mostOfLane >= 1);
  t.is(losses.missing + losses.forgotten, 0);
});
