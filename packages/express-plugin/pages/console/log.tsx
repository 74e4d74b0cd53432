import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Empty } from '../look/empty.tsx';
import { count } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { DeliveryPanel } from './delivery-panel.tsx';
import { LiveMark } from './live-mark.tsx';
import { LogFilters } from './log-filters.tsx';
import { LogList } from './log-list.tsx';
import { isNarrowed } from './log-query.ts';
import { useNames } from './names.ts';
import { Page } from './page.tsx';
import { wholeLog, type LogFilter } from './route.ts';
import { restate } from './router.tsx';
import { useLog } from './use-log.ts';

interface LogProps {
  readonly filter: LogFilter;
  /** The delivery that is open beside it; null for none. */
  readonly delivery: string | null;
}

/** Where the reader was, for the way back. */
let leftAt = { filter: '', y: 0 };

/** The delivery log: what was sent and what came of it, as it happens. */
export function Log({ filter, delivery }: LogProps): JSX.Element {
  const top = useRef<HTMLDivElement>(null);
  const names = useNames();
  /** Whether nobody reads further down, or has stopped at a row. */
  const atTop = (): boolean => {
    const element = top.current;
    if (!element) return true;
    if (element.getBoundingClientRect().top < 0) return false;
    return !element.parentElement?.querySelector('.log-rows')?.contains(document.activeElement);
  };
  const { lines, loading, error, loadMore, show, reload } = useLog(filter, atTop);
  const key = JSON.stringify(filter);

  useEffect(() => {
    if (leftAt.filter === key) scrollTo(0, leftAt.y);
    else scrollTo(0, 0);
    const keep = (): void => {
      leftAt = { filter: key, y: scrollY };
    };
    addEventListener('scrollend', keep);
    return () => removeEventListener('scrollend', keep);
  }, [key]);

  const total = lines?.total ?? 0;
  useEffect(() => {
    if (!loading && isNarrowed(filter)) announce(countText(total, filter));
  }, [loading, key]);

  const fresh = lines?.fresh.length ?? 0;
  const showFresh = (): void => {
    show();
    scrollTo(0, 0);
    announce(`${count(fresh, 'new row')} shown.`);
  };

  return (
    <Page title="Delivery log" beside={<LiveMark />}>
      <LogFilters
        filter={filter}
        names={names}
        onChange={(changed) => restate({ page: 'log', filter: changed, delivery: null })}
      />
      <Problem error={error} onRetry={reload} />
      <div class={`card log${loading && lines ? ' log-old' : ''}`} aria-busy={loading}>
        <div class="log-top" ref={top}>
          <span class="small muted">{lines ? countText(total, filter) : 'Loading…'}</span>
        </div>
        {fresh > 0 && (
          <div class="log-fresh">
            <Button kind="primary" small icon="up" onClick={showFresh}>
              {lines?.gap ? `${fresh}+ new` : `${fresh} new`}
            </Button>
          </div>
        )}
        {lines && lines.rows.length > 0 && (
          <LogList
            rows={lines.rows}
            total={total}
            names={names}
            hasMore={lines.next !== null}
            onNearEnd={loadMore}
            onOpen={(id) => restate({ page: 'log', filter, delivery: id })}
          />
        )}
        {lines && lines.rows.length === 0 && !loading && (
          <Nothing filter={filter} onClear={() => restate({ page: 'log', filter: wholeLog, delivery: null })} />
        )}
      </div>
      {delivery !== null && <DeliveryPanel id={delivery} onClose={() => restate({ page: 'log', filter, delivery: null })} />}
    </Page>
  );
}

function countText(total: number, { status }: LogFilter): string {
  if (status === 'waiting') return count(total, 'delivery waits', 'deliveries wait');
  return count(total, 'attempt');
}

function Nothing({ filter, onClear }: { readonly filter: LogFilter; readonly onClear: () => void }): JSX.Element {
  if (filter.status === 'waiting') {
    return <Empty title="Nothing waits">Everything that happened so far was sent, or has ended.</Empty>;
  }
  if (filter.status !== 'any' || isNarrowed(filter)) {
    return (
      <Empty title="Nothing was found" actions={<Button onClick={onClear}>Show the whole log</Button>}>
        No attempt meets all of these filters. What was delivered is kept for less long than what failed.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing was sent yet">
      As soon as an event that somebody subscribed to happens, it appears here.{' '}
      <a href="#/subscriptions">See the subscriptions</a>, and send one a test event.
    </Empty>
  );
}
