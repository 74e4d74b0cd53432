import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Tag } from '../look/tag.tsx';
import { onLiveState, type LiveState } from './live.ts';

/** Says whether rows appear as they happen, or every few seconds. */
export function LiveMark(): JSX.Element {
  const [state, setState] = useState<LiveState>('polling');
  useEffect(() => onLiveState(setState), []);
  return state === 'live' ? (
    <Tag tone="good">
      <span class="live-dot" />
      Live
    </Tag>
  ) : (
    <Tag tone="off" icon="again">
      Every 5 seconds
    </Tag>
  );
}
