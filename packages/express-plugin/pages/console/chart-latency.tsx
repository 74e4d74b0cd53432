import { scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import type { JSX } from 'preact';
import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { latencySummary, latencyText } from './chart-data.ts';
import { ChartFrame } from './chart-frame.tsx';
import { Plot, spanText, type Field } from './plot.tsx';

interface ChartProps {
  readonly stats: StatsJson;
  readonly when: string;
}

const percentiles = ['p50', 'p95', 'p99'] as const;
const names = { p50: 'Half up to (p50)', p95: '95 % up to (p95)', p99: '99 % up to (p99)' } as const;

/** How long attempts took. On a logarithmic axis, because the slowest take a hundred times as long as the most. */
export function ChartLatency({ stats, when }: ChartProps): JSX.Element {
  const { spans } = stats;
  const everyMs = stats.every * 1_000;
  const summary = latencySummary(stats, when);
  const slowest = Math.max(100, ...spans.map(({ latency }) => latency.p99 ?? 0));
  const decades = [1, 10, 100, 1_000, 10_000, 100_000];
  const scale = scaleLog()
    .domain([1, decades.find((decade) => decade >= slowest) ?? slowest])
    .clamp(true);
  type Span = (typeof spans)[number];

  const draw = (field: Field): JSX.Element[] => {
    const y = scale.copy().range([field.bottom, field.top]);
    const x = (one: Span): number => field.x(Date.parse(one.at) + everyMs / 2);
    return percentiles.map((key) => {
      const there = (one: Span | undefined): boolean => (one?.latency[key] ?? null) !== null;
      const top = (one: Span): number => y(Math.max(1, one.latency[key] ?? 1));
      return (
        <g key={key}>
          <path class={`line line-${key}`} d={line<Span>(x, top).defined(there)([...spans]) ?? ''} />
          {spans.map(
            (one, index) =>
              there(one) &&
              !there(spans[index - 1]) &&
              !there(spans[index + 1]) && <circle key={one.at} class={`dot dot-${key}`} cx={x(one)} cy={top(one)} r={2.5} />,
          )}
        </g>
      );
    });
  };

  return (
    <ChartFrame
      title="Time to answer"
      summary={summary}
      legend={percentiles.map((key) => ({ key, name: names[key] }))}
      table={{
        head: ['Time', ...percentiles],
        rows: spans.map((one) => [
          spanText(Date.parse(one.at), everyMs),
          ...percentiles.map((key) => latencyText(one.latency[key])),
        ]),
      }}
    >
      <Plot
        from={Date.parse(stats.from)}
        until={Date.parse(stats.until)}
        everyMs={everyMs}
        label={`Lines. ${summary}`}
        ticks={(field) => {
          const y = scale.copy().range([field.bottom, field.top]);
          const [, highest = 100] = scale.domain();
          return decades
            .filter((decade) => decade <= highest)
            .map((decade) => ({ y: y(decade), text: decade < 1_000 ? `${decade} ms` : `${decade / 1_000} s` }));
        }}
        draw={draw}
        tell={(index) => {
          const one = spans[index];
          if (!one) return null;
          if (one.latency.p50 === null) return ['nothing was sent'];
          return percentiles.map((key) => `${key} ${latencyText(one.latency[key])}`);
        }}
      />
    </ChartFrame>
  );
}
