import { scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';
import type { JSX } from 'preact';
import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { deliveriesSummary, outcomeKinds, outcomeNames, type OutcomeKind } from './chart-data.ts';
import { ChartFrame } from './chart-frame.tsx';
import { Plot, spanText, type Field } from './plot.tsx';

interface ChartProps {
  readonly stats: StatsJson;
  /** The span in words: `Last 24 hours`. */
  readonly when: string;
}

const stacked = stack<StatsJson['spans'][number], OutcomeKind>()
  .keys(outcomeKinds)
  .value((one, kind) => one[kind]);

/** How many attempts there were, by what they led to. */
export function ChartDeliveries({ stats, when }: ChartProps): JSX.Element {
  const { spans, every } = stats;
  const layers = stacked(spans);
  const highest = Math.max(4, ...(layers.at(-1) ?? []).map(([, top]) => top));
  const scale = scaleLinear().domain([0, highest]).nice(4);
  const summary = deliveriesSummary(stats, when);
  const everyMs = every * 1_000;

  const draw = (field: Field): JSX.Element[] => {
    const y = scale.copy().range([field.bottom, field.top]);
    const [zero, one] = [field.x(Date.parse(stats.from)), field.x(Date.parse(stats.from) + everyMs)];
    const gap = one - zero > 5 ? 1.5 : 0.5;
    return layers.map((layer) => (
      <g key={layer.key} class={`bar-${layer.key}`}>
        {layer.map(([from, to], index) => {
          if (to === from) return null;
          const [bottom, top] = [y(from), y(to)];
          return (
            <rect
              key={index}
              x={zero + index * (one - zero) + gap / 2}
              width={Math.max(1, one - zero - gap)}
              y={top}
              // What happened once among thousands is still there to be seen.
              height={Math.max(1.5, bottom - top)}
            />
          );
        })}
      </g>
    ));
  };

  return (
    <ChartFrame
      title="Deliveries"
      summary={summary}
      legend={outcomeKinds.map((key) => ({ key, name: outcomeNames[key] }))}
      table={{
        head: ['Time', ...outcomeKinds.map((kind) => outcomeNames[kind])],
        rows: spans.map((one) => [
          spanText(Date.parse(one.at), everyMs),
          ...outcomeKinds.map((kind) => one[kind].toLocaleString('en')),
        ]),
      }}
    >
      <Plot
        from={Date.parse(stats.from)}
        until={Date.parse(stats.until)}
        everyMs={everyMs}
        label={`Bars. ${summary}`}
        ticks={(field) => {
          const y = scale.copy().range([field.bottom, field.top]);
          return scale
            .ticks(4)
            .filter(Number.isInteger)
            .map((value) => ({ y: y(value), text: short(value) }));
        }}
        draw={draw}
        tell={(index) => {
          const one = spans[index];
          if (!one) return null;
          const there = outcomeKinds.filter((kind) => one[kind] > 0);
          return there.length === 0
            ? ['nothing']
            : there.map((kind) => `${one[kind].toLocaleString('en')} ${outcomeNames[kind].toLowerCase()}`);
        }}
      />
    </ChartFrame>
  );
}

function short(value: number): string {
  return value < 10_000 ? value.toLocaleString('en') : `${Math.round(value / 1_000)}k`;
}
