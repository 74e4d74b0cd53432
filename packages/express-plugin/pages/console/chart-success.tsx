import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { JSX } from 'preact';
import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { percent } from '../look/format.ts';
import { successSummary } from './chart-data.ts';
import { ChartFrame } from './chart-frame.tsx';
import { Plot, spanText, type Field } from './plot.tsx';

interface ChartProps {
  readonly stats: StatsJson;
  readonly when: string;
}

/** Which part of the attempts delivered. */
export function ChartSuccess({ stats, when }: ChartProps): JSX.Element {
  const { spans } = stats;
  const everyMs = stats.every * 1_000;
  const scale = scaleLinear().domain([0, 1]);
  const summary = successSummary(stats, when);
  type Span = (typeof spans)[number];

  const draw = (field: Field): JSX.Element => {
    const y = scale.copy().range([field.bottom, field.top]);
    const x = (one: Span): number => field.x(Date.parse(one.at) + everyMs / 2);
    const top = (one: Span): number => y(one.successRate ?? 0);
    const there = (one: Span): boolean => one.successRate !== null;
    return (
      <>
        <path class="success-area" d={area<Span>(x, field.bottom, top).defined(there)([...spans]) ?? ''} />
        <path class="line line-good" d={line<Span>(x, top).defined(there)([...spans]) ?? ''} />
        {spans.map(
          (one, index) =>
            there(one) && alone(spans, index) && <circle key={one.at} class="dot dot-good" cx={x(one)} cy={top(one)} r={2.5} />,
        )}
      </>
    );
  };

  return (
    <ChartFrame
      title="Success rate"
      summary={summary}
      table={{
        head: ['Time', 'Delivered'],
        rows: spans.map((one) => [spanText(Date.parse(one.at), everyMs), rate(one.successRate)]),
      }}
    >
      <Plot
        from={Date.parse(stats.from)}
        until={Date.parse(stats.until)}
        everyMs={everyMs}
        label={`Line. ${summary}`}
        ticks={(field) => {
          const y = scale.copy().range([field.bottom, field.top]);
          return [0, 0.25, 0.5, 0.75, 1].map((value) => ({ y: y(value), text: `${value * 100} %` }));
        }}
        draw={draw}
        tell={(index) => {
          const one = spans[index];
          return one ? [one.successRate === null ? 'nothing was sent' : `${rate(one.successRate)} delivered`] : null;
        }}
      />
    </ChartFrame>
  );
}

function rate(value: number | null): string {
  return value === null ? '–' : percent(value, 1);
}

/** Whether a span has no neighbour to draw a line to. */
function alone(spans: StatsJson['spans'], index: number): boolean {
  const missing = (at: number): boolean => (spans[at]?.successRate ?? null) === null;
  return missing(index - 1) && missing(index + 1);
}
