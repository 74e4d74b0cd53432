import { inFull, renderTable, shown } from '../command/render.ts';
import { behaviours } from '../traffic/behaviours.ts';
import type { BacklogFigures } from './backlog.ts';
import { stages } from './figures.ts';
import type { IsolationResult } from './bench.ts';
import type { IsolationFigures, Summary } from './measure.ts';

/** The figures for people. */
export function isolationTables(result: IsolationResult): string {
  const { senders, trafficShare, backlog } = result;
  const lines: string[] = [];
  if (senders.length > 0) {
    const shares = behaviours.map((behaviour) => `${behaviour} ${(trafficShare[behaviour] * 100).toFixed(1)} %`).join(', ');
    lines.push(
      '',
      `1,000 endpoints of 100 accounts, Zipf; of all traffic ${shares}; each sender at 60 % of what it holds`,
      '',
      ...senders.map(({ name, what }) => `  ${name}: ${what}`),
      '',
      'Healthy endpoints, from when an event was due to its receipt, in ms: median (min–max) of the rounds',
      latencyTable(senders),
      '',
      'The same in stages, in ms: p50 / p99 of each, and the mean of each over the slowest hundredth',
      stagesTable(senders),
      '',
      'Slots beside sick endpoints, by behaviour; settled once the first requests have met their deadline',
      slotsTable(senders),
      '',
      'Lost or twice',
      ...senders.map(({ name, losses }) => {
        const { missing, repeated, forgotten, unrecorded, failedAttempts } = losses;
        const healthy = `${missing} lost, ${repeated} came again, ${unrecorded} not finished`;
        return `  ${name}: to healthy ones ${healthy}, ${failedAttempts} attempts failed; to sick ones ${forgotten} no longer stored`;
      }),
    );
  }
  if (backlog.length > 0) {
    lines.push(
      '',
      'Live traffic beside a backlog for one endpoint, which never answers or has just been opened again',
      backlogTable(backlog),
    );
  }
  return lines.join('\n');
}

function latencyTable(senders: readonly IsolationFigures[]): string {
  const rows = senders.flatMap(({ name, capacity, perSecond, alone, beside, p99Ratio }) => {
    const row = (kind: string, { fromDue, cpuMicros }: Summary, ratio: string) => ({
      sender: name,
      kind,
      'events/s': perSecond,
      'holds/s': capacity === 0 ? '' : capacity,
      p50: inFull(fromDue.p50),
      p99: inFull(fromDue.p99),
      'p99.9': inFull(fromDue.p999),
      'p99 ratio': ratio,
      'CPU µs each': cpuMicros,
    });
    return [row('all healthy', alone, ''), row('a quarter sick', beside, inFull(p99Ratio))];
  });
  return renderTable(['sender', 'kind'], ['events/s', 'holds/s', 'p50', 'p99', 'p99.9', 'p99 ratio', 'CPU µs each'], rows);
}

function stagesTable(senders: readonly IsolationFigures[]): string {
  const rows = senders.flatMap(({ name, alone, beside }) =>
    (
      [
        ['all healthy', alone],
        ['a quarter sick', beside],
      ] as const
    ).map(([kind, summary]) => {
      const row: Record<string, string | number> = { sender: name, kind };
      for (const stage of stages) {
        const { p50, p99 } = summary.stages[stage];
        row[stage] = `${shown(p50)} / ${shown(p99)}`;
        row[`slowest: ${stage}`] = summary.slowest[stage];
      }
      return row;
    }),
  );
  return renderTable(['sender', 'kind'], [...stages, ...stages.map((stage) => `slowest: ${stage}`)], rows);
}

function slotsTable(senders: readonly IsolationFigures[]): string {
  const rows = senders.flatMap(({ name, slots }) =>
    behaviours.map((behaviour) => {
      const one = slots[behaviour];
      return {
        sender: name,
        behaviour,
        'most of a lane': one.mostOfLane,
        settled: one.mostOfLaneSettled,
        'lanes > 2': one.lanesBeyondTwo,
        'in flight': one.meanInFlight,
        waiting: one.meanWaiting,
        'highest limit': one.highestLimit ?? '',
        requests: one.requests,
      };
    }),
  );
  const figures = ['most of a lane', 'settled', 'lanes > 2', 'in flight', 'waiting', 'highest limit', 'requests'];
  return renderTable(['sender', 'behaviour'], figures, rows);
}

function backlogTable(backlog: readonly BacklogFigures[]): string {
  const rows = backlog.map(({ name, of, backlog: size, perSecond, alone, beside, p99Ratio, rssGrowthMib, slots }) => ({
    sender: name,
    beside: of,
    backlog: shown(size),
    'events/s': perSecond,
    'p99 without': inFull(alone),
    'p99 with': inFull(beside),
    ratio: inFull(p99Ratio),
    'RSS growth MiB without': inFull(rssGrowthMib.alone),
    'and with': inFull(rssGrowthMib.beside),
    'slots of its lane': slots,
  }));
  return renderTable(
    ['sender', 'beside'],
    ['backlog', 'events/s', 'p99 without', 'p99 with', 'ratio', 'RSS growth MiB without', 'and with', 'slots of its lane'],
    rows,
  );
}
