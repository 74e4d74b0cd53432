import { Table } from 'console-table-printer';
import type { Result } from './bench.ts';
import type { HistoryResult } from './history.ts';
import { contestantNames, modeNames, type ContestantName, type ModeName } from './contestant.ts';
import { baselineNames } from './figures.ts';
import type { Spread } from './statistics.ts';
import { eventsPerSecond } from './workload.ts';

/** The result for people. */
export function resultTables(result: Result): string {
  const { settings, setUps, leftOut, contestants } = result;
  const lines = [
    ...surroundings(result),
    `${settings.deliveries} deliveries a run (backlog: ${settings.backlog}), ${settings.rounds} rounds, bodies of ` +
      `${settings.bodyBytes} bytes, ${settings.inFlight} in flight, ${settings.lanes} lanes, ${settings.origins} origins`,
    ...contestantNames.flatMap((name) => (setUps[name] ? [`${labelOf(name, contestants)}: ${setUps[name]}`] : [])),
    ...Object.entries(leftOut).map(([name, reason]) => `LEFT OUT: ${name}, because ${reason}`),
  ];
  for (const mode of modeNames) {
    if (mode === 'latency' || !result.throughput[mode]) continue;
    lines.push('', `${titles[mode]}: deliveries/s, median (min to max), and ratios, medians of the rounds`);
    lines.push(throughputTable(result, mode));
  }
  if (result.throughput.backlog) {
    lines.push('', 'Deliveries/s of the first and the last tenth of the backlog', tenthsTable(result));
  }
  if (Object.keys(result.latencyMs).length > 0) {
    lines.push('', `From emit to receipt at ${eventsPerSecond} events/s, in ms`, latencyTable(result));
  }
  lines.push(
    '',
    `${result.verifiedDeliveries} deliveries arrived exactly once, signed, with the right bytes. ${result.seconds} s`,
  );
  return lines.join('\n');
}

/** What happens in a mode. */
const titles = {
  awaited: 'Awaited, 100 callers that wait for each event to be stored',
  bulk: 'Bulk, all events at once',
  backlog: 'Backlog, stored before and then delivered',
  'fan-out': 'Fan-out, one event for five subscriptions, awaited as above',
} as const satisfies Record<Exclude<ModeName, 'latency'>, string>;

/** What a history costs, for people. */
export function historyTable(result: HistoryResult): string {
  const { settings, figures, seconds } = result;
  const table = newTable(['mode', 'contestant'], ['empty', 'with history', 'ratio']);
  for (const { mode, contestant, empty, full, ratio } of figures) {
    table.addRow({ mode, contestant, empty: inFull(empty), 'with history': inFull(full), ratio: inFull(ratio) });
  }
  return [
    ...surroundings(result),
    `${settings.deliveries} deliveries a run, ${settings.rounds} rounds, ${settings.finishedDeliveries} finished deliveries`,
    '',
    'Deliveries/s: median (min to max); ratios are medians of the rounds',
    table.render(),
    '',
    `${seconds} s`,
  ].join('\n');
}

function surroundings({ machine, versions }: Pick<Result, 'machine' | 'versions'>): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}`,
    `load ${machine.load}, ${machine.syncMs} ms to make 4 KiB durable`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ];
}

function throughputTable({ throughput, contestants }: Result, mode: Exclude<ModeName, 'latency'>): string {
  const all = throughput[mode] ?? {};
  const baselines = baselineNames.filter((name) => all[name]);
  const work = ['node µs', 'database µs', 'statements'];
  const table = newTable(['contestant'], ['deliveries/s', ...baselines.map((name) => `× ${name}`), ...work]);
  for (const name of contestantNames) {
    const figures = all[name];
    if (!figures) continue;
    table.addRow({
      contestant: labelOf(name, contestants),
      'deliveries/s': inFull(figures.deliveriesPerSecond),
      ...Object.fromEntries(baselines.map((baseline) => [`× ${baseline}`, figures.ratio[baseline]?.median.toFixed(2) ?? ''])),
      'node µs': figures.cpuMicrosPerDelivery.median,
      'database µs': figures.databaseCpuMicrosPerDelivery?.median ?? '',
      statements: figures.statementsPerDelivery?.median.toFixed(2) ?? '',
    });
  }
  return table.render();
}

function tenthsTable({ throughput, contestants }: Result): string {
  const table = newTable(['contestant'], ['first tenth', 'last tenth', 'last ÷ first']);
  for (const name of contestantNames) {
    const tenths = throughput.backlog?.[name]?.tenths;
    if (!tenths) continue;
    const { first, last, ratio } = tenths;
    const row = { 'first tenth': inFull(first), 'last tenth': inFull(last), 'last ÷ first': ratio.median.toFixed(2) };
    table.addRow({ contestant: labelOf(name, contestants), ...row });
  }
  return table.render();
}

function latencyTable({ latencyMs, contestants }: Result): string {
  const table = newTable(['contestant'], ['p50', 'p99']);
  for (const name of contestantNames) {
    const latency = latencyMs[name];
    if (latency) table.addRow({ contestant: labelOf(name, contestants), p50: inFull(latency.p50), p99: inFull(latency.p99) });
  }
  return table.render();
}

function newTable(texts: readonly string[], figures: readonly string[]): Table {
  return new Table({
    shouldDisableColors: true,
    columns: [
      ...texts.map((name) => ({ name, alignment: 'left' as const })),
      ...figures.map((name) => ({ name, alignment: 'right' as const })),
    ],
  });
}

function labelOf(name: ContestantName, contestants: Result['contestants']): string {
  return contestants[name] ?? name;
}

function inFull({ median, min, max }: Spread): string {
  const shown = (value: number): string => value.toLocaleString('en-US');
  return `${shown(median)} (${shown(min)} to ${shown(max)})`;
}
