import type { Result } from './bench.ts';
import { contestantNames, modeNames, type ContestantName, type ModeName } from './contestant.ts';
import { eventsPerSecond } from './workload.ts';

/** A chart as a file of its own, which shows in light and in dark. */
export interface Plot {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly svg: string;
}

/** One line of a chart: parts beside each other that add up, and the range that several rounds had. */
interface Bar {
  readonly label: string;
  readonly kind: 'bare' | 'own' | 'peer';
  readonly parts: readonly number[];
  readonly range?: { readonly min: number; readonly max: number };
  /** What is written behind the bar. */
  readonly figure: string;
}

interface Chart {
  readonly title: string;
  readonly description: string;
  readonly bars: readonly Bar[];
}

const titles = {
  awaited: '100 callers that await each emit',
  bulk: 'all events at once',
  backlog: 'a backlog, stored before',
  'fan-out': 'one event for five subscriptions',
} as const satisfies Record<Exclude<ModeName, 'latency'>, string>;

const names = {
  dispatch: 'bare undici dispatch',
  request: 'bare undici request',
  memory: 'Hookwell, memory',
  sqlite: 'Hookwell, SQLite',
  postgres: 'Hookwell, PostgreSQL',
  bullmq: 'BullMQ, Redis',
  'pg-boss': 'pg-boss, PostgreSQL',
  'graphile-worker': 'graphile-worker, PostgreSQL',
} as const satisfies Record<ContestantName, string>;

/** Charts of all that a result has: deliveries per second and processor time in each mode, and latency. */
export function plotsOf(result: Result): readonly Plot[] {
  const plots: Plot[] = [];
  for (const mode of modeNames) {
    if (mode === 'latency') continue;
    const figures = result.throughput[mode];
    if (!figures) continue;
    const taking = contestantNames.flatMap((name) => (figures[name] ? [{ name, ...figures[name] }] : []));
    const speeds = taking.map(({ name, deliveriesPerSecond: { median, min, max } }) =>
      bar(name, [median], inWords(median), { min, max }),
    );
    const deliveries = mode === 'backlog' ? result.settings.backlog : result.settings.deliveries;
    const how = `Medians of ${result.settings.rounds} rounds of ${inWords(deliveries)} deliveries; lines from the slowest to the fastest round.`;
    plots.push(plot(`deliveries-${mode}`, { title: `Deliveries per second: ${titles[mode]}`, description: how, bars: speeds }));
    const costs = taking.map(({ name, cpuMicrosPerDelivery: own, databaseCpuMicrosPerDelivery: other }) => {
      const parts = [own.median, ...(other ? [other.median] : [])];
      return bar(name, parts, parts.map((part) => inWords(Math.round(part))).join(' + '));
    });
    const what = 'Microseconds of the process that sends and, behind it and paler, of its database.';
    plots.push(plot(`cpu-${mode}`, { title: `Processor time of a delivery: ${titles[mode]}`, description: what, bars: costs }));
  }
  const latencies = contestantNames.flatMap((name) => {
    const latency = result.latencyMs[name];
    if (!latency) return [];
    const { p50, p99 } = latency;
    return [bar(name, [p50.median, Math.max(0, p99.median - p50.median)], `${p50.median} / ${p99.median}`)];
  });
  if (latencies.length > 0) {
    const title = `Milliseconds from emit to receipt, at ${eventsPerSecond} events a second`;
    plots.push(plot('latency', { title, description: 'The median and, paler, the 99th percentile.', bars: latencies }));
  }
  return plots;
}

function bar(name: ContestantName, parts: readonly number[], figure: string, range?: Bar['range']): Bar {
  const kind = name === 'dispatch' || name === 'request' ? 'bare' : name in ownNames ? 'own' : 'peer';
  return { label: names[name], kind, parts, figure, ...(range ? { range } : {}) };
}

const ownNames = { memory: true, sqlite: true, postgres: true };

const width = 760;
const labelWidth = 200;
const figureWidth = 100;
const top = 56;
const rowHeight = 30;
const barHeight = 18;

function plot(name: string, { title, description, bars }: Chart): Plot {
  const most = Math.max(...bars.map(({ parts, range }) => Math.max(sum(parts), range?.max ?? 0)), Number.MIN_VALUE);
  const lengthOf = (value: number): number => Number(((value / most) * (width - labelWidth - figureWidth)).toFixed(1));
  const rows = bars.map(({ label, kind, parts, range, figure }, index) => {
    const y = top + index * rowHeight;
    const middle = y + barHeight / 2;
    const rects = parts.map((part, at) => {
      const x = labelWidth + lengthOf(sum(parts.slice(0, at)));
      return `<rect class="${kind}${at > 0 ? ' pale' : ''}" x="${x}" y="${y}" width="${lengthOf(part)}" height="${barHeight}"/>`;
    });
    const [from, to] = range ? [labelWidth + lengthOf(range.min), labelWidth + lengthOf(range.max)] : [0, 0];
    const line = range ? `<path class="range" d="M${from} ${middle}H${to}M${from} ${middle - 4}v8M${to} ${middle - 4}v8"/>` : '';
    const end = Math.max(labelWidth + lengthOf(sum(parts)), to) + 6;
    return [
      `<text x="${labelWidth - 8}" y="${middle}" class="label">${escape(label)}</text>`,
      ...rects,
      line,
      `<text x="${end}" y="${middle}">${escape(figure)}</text>`,
    ].join('');
  });
  const height = top + bars.length * rowHeight + 8;
  const spoken = `${description} ${bars.map(({ label, figure }) => `${label}: ${figure}`).join('; ')}.`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${name}-title ${name}-desc">
<title id="${name}-title">${escape(title)}</title>
<desc id="${name}-desc">${escape(spoken)}</desc>
<style>${style}</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
<text x="12" y="20" class="title">${escape(title)}</text>
<text x="12" y="40" class="how">${escape(description)}</text>
${rows.join('\n')}
</svg>
`;
  return { name, svg };
}

/** Colours that differ in lightness as well, for those who do not see them apart. */
const style = `
text{font:13px system-ui,sans-serif;fill:#1f2328;dominant-baseline:central}
.title{font-weight:600;font-size:15px}.how{font-size:12px;fill:#59636e}.label{text-anchor:end}
.ground{fill:#fff}.bare{fill:#8c959f}.own{fill:#0a58ca}.peer{fill:#c2570c}.pale{opacity:.45}
.range{stroke:#1f2328;stroke-width:1.5;fill:none}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.how{fill:#9198a1}.ground{fill:#0d1117}
.bare{fill:#7d8590}.own{fill:#58a6ff}.peer{fill:#f0883e}.range{stroke:#e6edf3}}
`;

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function inWords(value: number): string {
  return value.toLocaleString('en-US');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
