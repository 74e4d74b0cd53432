import type { JSX } from 'preact';
import type { ArrivalJson } from '../../src/bins/bin-shapes.ts';
import { bytes } from '../look/format.ts';
import { Tag } from '../look/tag.tsx';
import { Time } from '../look/time.tsx';

interface RequestListProps {
  /** Oldest first. */
  readonly requests: readonly ArrivalJson[];
  readonly chosen: number | null;
  readonly onChoose: (number: number) => void;
}

/** What came, newest first; one of it is shown beside. */
export function RequestList({ requests, chosen, onChoose }: RequestListProps): JSX.Element {
  return (
    <ul class="requests" aria-label="Requests, newest first">
      {requests.toReversed().map((request) => (
        <li key={request.number}>
          <button
            type="button"
            class="request"
            aria-current={request.number === chosen ? 'true' : undefined}
            onClick={() => onChoose(request.number)}
          >
            <span class="row">
              <strong class="mono">{request.method}</strong>
              <span class="muted">#{request.number}</span>
              {request.attempt > 1 && <Tag tone="warn">attempt {request.attempt}</Tag>}
              {request.signature.state === 'verified' && <Tag tone="good">verified</Tag>}
              {request.signature.state === 'wrong' && <Tag tone="bad">wrong signature</Tag>}
            </span>
            <span class="small muted request-line">
              {request.path}
              {request.query && `?${request.query}`}
            </span>
            <span class="small muted">
              <Time at={request.at} as="short" /> · {request.size === null ? 'size unknown' : bytes(request.size)} · answered{' '}
              {request.answered.status}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
