import type { JSX } from 'preact';
import { memo } from './memo.tsx';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { duration } from '../look/format.ts';
import { Time } from '../look/time.tsx';
import { explain } from './explain.ts';
import type { LogLine } from './log-lines.ts';
import { hashOf } from './route.ts';
import { StatusTag } from './state-tag.tsx';
import { shortUrl, topicWords } from './words.ts';

interface LogRowProps {
  readonly line: LogLine;
  readonly index: number;
  readonly top: number;
  readonly subscription: SubscriptionJson | undefined;
  readonly onOpen: (deliveryId: string) => void;
}

/** A row of the log; its link opens the delivery. */
export const LogRow = memo(function LogRow({ line, index, top, subscription, onOpen }: LogRowProps): JSX.Element {
  const { deliveryId, status, at, durationMs, number } = line;
  const topic = line.topic ?? subscription?.topic ?? null;
  return (
    <div class="log-row" role="row" aria-rowindex={index + 2} data-index={index} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" class="log-status">
        <StatusTag status={status} />
      </span>
      <span role="cell" class="log-event">
        <a
          class="log-link"
          href={hashOf({ page: 'delivery', id: deliveryId })}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onOpen(deliveryId);
          }}
        >
          {topic === null ? 'Delivery' : topicWords(topic)}
        </a>
        <span class="log-to">{subscription ? shortUrl(subscription.url) : `subscription ${line.subscriptionId}`}</span>
      </span>
      <span role="cell" class="log-what">
        <What line={line} />
        {number > 1 && status !== 'waiting' && <span class="muted"> Attempt {number}.</span>}
      </span>
      <span role="cell" class="log-time">
        <Time at={Date.parse(at)} as="short" />
      </span>
      <span role="cell" class="log-took">
        {durationMs === null ? '–' : duration(durationMs)}
      </span>
    </div>
  );
});

function What({ line }: { readonly line: LogLine }): JSX.Element {
  const { status, reason, code, nextAt, number } = line;
  if (status === 'sending') return <>It is being sent right now.</>;
  if (status === 'waiting') {
    return (
      <>
        {number === 0 ? 'Not tried yet' : `Tried ${number === 1 ? 'once' : `${number} times`}`}
        {nextAt !== null && Date.parse(nextAt) > Date.now() && (
          <>
            ; due <Time at={Date.parse(nextAt)} />
          </>
        )}
        .
      </>
    );
  }
  return <>{explain({ outcome: status, reason, status: code }).what}</>;
}
