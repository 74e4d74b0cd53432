import { scaleLinear } from 'd3-scale';
import type { JSX } from 'preact';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { count, span } from '../look/format.ts';
import { Icon } from '../look/icon.tsx';
import { ChartFrame } from './chart-frame.tsx';
import { hashOf, wholeLog } from './route.ts';
import { useWidth } from './hooks.ts';
import { shortUrl, waitingInWords } from './words.ts';

interface ChartProps {
  readonly backlog: StatsJson['backlog'];
  readonly subscriptions: ReadonlyMap<number, SubscriptionJson>;
}

const shownAtMost = 8;

/** What waits right now, by subscription, the longest queue first. */
export function ChartBacklog({ backlog, subscriptions }: ChartProps): JSX.Element {
  const [ref, width] = useWidth();
  const longest = backlog.toSorted((a, b) => b.waiting - a.waiting);
  const all = longest.reduce((sum, { waiting }) => sum + waiting, 0);
  const oldest = Math.max(0, ...longest.map(({ oldestAgeSeconds }) => oldestAgeSeconds));
  const scale = scaleLinear()
    .domain([0, longest[0]?.waiting ?? 1])
    .range([0, width]);
  const name = (id: number): string => {
    const subscription = subscriptions.get(id);
    return subscription ? `${subscription.topic} → ${shortUrl(subscription.url)}` : `Subscription ${id}`;
  };
  const summary =
    all === 0
      ? 'Nothing waits: everything was sent.'
      : `${count(all, 'delivery waits', 'deliveries wait')} for ${count(longest.length, 'subscription')}, the oldest for ${span(oldest * 1_000)}.`;

  return (
    <ChartFrame
      title="Waiting now"
      summary={summary}
      table={{
        head: ['Subscription', 'Waiting', 'Oldest'],
        rows: longest.map((one) => [name(one.subscriptionId), waitingInWords([one]), span(one.oldestAgeSeconds * 1_000)]),
      }}
    >
      {all === 0 && (
        <p class="backlog-none">
          <Icon name="check" size={28} />
        </p>
      )}
      <ul class="backlog">
        {longest.slice(0, shownAtMost).map((one, index) => (
          <li key={one.subscriptionId}>
            <div class="backlog-head">
              <a
                href={hashOf({
                  page: 'log',
                  filter: { ...wholeLog, status: 'waiting', subscriptionId: one.subscriptionId },
                  delivery: null,
                })}
              >
                {name(one.subscriptionId)}
              </a>
              <span class="small nowrap">
                {waitingInWords([one])} · oldest {span(one.oldestAgeSeconds * 1_000)}
              </span>
            </div>
            <div class="backlog-bar" ref={index === 0 ? ref : null}>
              <svg width={width} height={8} aria-hidden="true">
                <rect width={Math.max(2, scale(one.waiting))} height={8} rx={4} />
              </svg>
            </div>
          </li>
        ))}
      </ul>
      {longest.length > shownAtMost && (
        <p class="small muted">And {count(longest.length - shownAtMost, 'more subscription')}: see the table.</p>
      )}
    </ChartFrame>
  );
}
