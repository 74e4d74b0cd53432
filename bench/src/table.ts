import { Table } from 'console-table-printer';
import type { Result } from './bench.ts';
import type { HistoryResult } from './history.ts';
import { contestantNames, modeNames, type ContestantName } from './contestant.ts';
import type { Spread } from './statistics.ts';
import { eventsPerSecond } from './workload.ts';

/** The result for people. */
export function resultTables(result: Result): string {
  const { settings } = result;
  const lines = [
    ...surroundings(result),
    `${settings.deliveries} deliveries a run, ${settings.rounds} rounds, bodies of ${settings.bodyBytes} bytes, ` +
      `${settings.inFlight} in flight, ${settings.lanes} lanes, ${settings.origins} origins`,
  ];
  const throughput = throughputTable(result);
  if (throughput !== '') lines.push('', 'Deliveries/s: median (min to max); ratios are medians of the rounds', throughput);
  const latency = latencyTable(result);
  if (latency !== '') lines.push('', `From emit to receipt at ${eventsPerSecond} events/s, in ms`, latency);
  lines.push(
    '',
    `${result.verifiedDeliveries} deliveries arrived exactly once, signed, with the right bytes. ${result.seconds} s`,
  );
  return lines.join('\n');
}

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

function throughputTable({ throughput, contestants }: Result): string {
  const table = newTable(['mode', 'contestant'], ['deliveries/s', '× dispatch', '× request', 'CPU µs each']);
  let rows = 0;
  for (const mode of modeNames) {
    if (mode === 'latency') continue;
    for (const name of contestantNames) {
      const figures = throughput[mode]?.[name];
      if (!figures) continue;
      rows += 1;
      table.addRow({
        mode,
        contestant: labelOf(name, contestants),
        'deliveries/s': inFull(figures.deliveriesPerSecond),
        '× dispatch': figures.ratio.dispatch?.median.toFixed(2) ?? '',
        '× request': figures.ratio.request?.median.toFixed(2) ?? '',
        'CPU µs each': figures.cpuMicrosPerDelivery.median,
      });
    }
  }
  return rows === 0 ? '' : table.render();
}

function latencyTable({ latencyMs, contestants }: Result): string {
  const table = newTable(['contestant'], ['p50', 'p99']);
  let rows = 0;
  for (const name of contestantNames) {
    const latency = latencyMs[name];
    if (!latency) continue;
    rows += 1;
    table.addRow({ contestant: labelOf(name, contestants), p50: inFull(latency.p50), p99: inFull(latency.p99) });
  }
  return rows === 0 ? '' : table.render();
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
