import type { ComponentChildren, JSX, TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import { timeTicks } from './chart-data.ts';
import { useWidth } from './hooks.ts';

const height = 190;
const margin = { top: 8, right: 4, bottom: 22, left: 46 };

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/** The field that a plot draws in, in pixels. */
export interface Field {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: (at: number) => number;
}

interface PlotProps {
  readonly from: number;
  readonly until: number;
  readonly everyMs: number;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Where the axis at the side has lines, and their texts. */
  readonly ticks: (field: Field) => readonly { readonly y: number; readonly text: string }[];
  readonly draw: (field: Field) => ComponentChildren;
  /** What the pointer is told of a bar, by its position; null where there is nothing. */
  readonly tell: (index: number) => readonly string[] | null;
}

/** A field over a span of time, with its axes and what the pointer is told. */
export function Plot({ from, until, everyMs, label, ticks, draw, tell }: PlotProps): JSX.Element {
  const [ref, width] = useWidth();
  const [pointed, setPointed] = useState<number | null>(null);
  const right = Math.max(width - margin.right, margin.left + 1);
  const perMs = (right - margin.left) / (until - from);
  const field: Field = {
    left: margin.left,
    right,
    top: margin.top,
    bottom: height - margin.bottom,
    x: (at) => margin.left + (at - from) * perMs,
  };
  const offsetMs = -new Date(until).getTimezoneOffset() * 60_000;
  const lines = pointed === null ? null : tell(pointed);
  const pointedX = pointed === null ? 0 : field.x(from + (pointed + 0.5) * everyMs);

  const point = (event: TargetedPointerEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const index = Math.floor((x - field.left) / perMs / everyMs);
    setPointed(x < field.left || x > field.right ? null : index);
  };

  return (
    <div class="plot" ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={label}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setPointed(null)}
        >
          {ticks(field).map(({ y, text }) => (
            <g key={text}>
              <line class="plot-grid" x1={field.left} x2={field.right} y1={y} y2={y} />
              <text class="plot-text" x={field.left - 6} y={y + 4} text-anchor="end">
                {text}
              </text>
            </g>
          ))}
          {timeTicks(from, until, Math.max(2, Math.floor(width / 85)), offsetMs).map((at) => (
            <text
              key={at}
              class="plot-text"
              x={field.x(at)}
              y={height - 5}
              text-anchor={field.x(at) > field.right - 18 ? 'end' : 'middle'}
            >
              {axisText(at, until - from)}
            </text>
          ))}
          {lines && (
            <rect
              class="plot-pointed"
              x={pointedX - (everyMs * perMs) / 2}
              y={field.top}
              width={everyMs * perMs}
              height={field.bottom - field.top}
            />
          )}
          {draw(field)}
        </svg>
      )}
      {lines && pointed !== null && (
        <div class="plot-tip" aria-hidden="true" style={{ left: `${Math.min(Math.max(pointedX, 75), width - 75)}px` }}>
          <strong>{spanText(from + pointed * everyMs, everyMs)}</strong>
          {lines.map((line) => (
            <span key={line}>{line}</span>
          ))}
        </div>
      )}
    </div>
  );
}

function axisText(at: number, span: number): string {
  const date = new Date(at);
  return span > 172_800_000 || (date.getHours() === 0 && date.getMinutes() === 0) ? day.format(at) : clock.format(at);
}

/** When a bar is: `Wed 14:00–14:30`. */
export function spanText(at: number, everyMs: number): string {
  return `${dayAndClock.format(at)}–${clock.format(at + everyMs)}`;
}
