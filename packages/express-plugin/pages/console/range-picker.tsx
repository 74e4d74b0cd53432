import type { JSX } from 'preact';
import type { RangeName } from './route.ts';

interface RangePickerProps {
  readonly range: RangeName;
  readonly onPick: (range: RangeName) => void;
}

/** Buttons for the ranges of charts. */
export function RangePicker({ range, onPick }: RangePickerProps): JSX.Element {
  return (
    <div class="segments" role="group" aria-label="Time shown">
      {(['1h', '24h', '7d'] as const).map((name) => (
        <button
          key={name}
          type="button"
          class="segment"
          aria-pressed={name === range}

          onClick={() => onPick(name)}
        >
          {{ '1h': '1 hour', '24h': '24 hours', '7d': '7 days' }[name]}
        </button>
      ))}
    </div>
  );
}
