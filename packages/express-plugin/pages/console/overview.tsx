import type { JSX } from 'preact';
import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import type { SubscriptionPageJson } from '../../src/manage/schemas.ts';
import { count, percent, span } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { useLoaded } from '../look/use-loaded.ts';
import { get } from './api.ts';
import { Attention } from './attention.tsx';
import { ChartBacklog } from './chart-backlog.tsx';
import { isQuiet, latencyText, ranges } from './chart-data.ts';
import { ChartDeliveries } from './chart-deliveries.tsx';
import { ChartLatency } from './chart-latency.tsx';
import { ChartSuccess } from './chart-success.tsx';
import { useChanges } from './hooks.ts';
import { loadStats } from './load-stats.ts';
import { useNames } from './names.ts';
import { Page } from './page.tsx';
import { RangePicker } from './range-picker.tsx';
import type { RangeName } from './route.ts';
import { restate } from './router.tsx';
import { Welcome } from './welcome.tsx';
import { waitingInWords } from './words.ts';

/** What needs attention first, and how deliveries go. */
export function Overview({ range }: { readonly range: RangeName }): JSX.Element {
  const stats = useLoaded(range, async (signal) => loadStats(range, null, signal));
  const troubled = useLoaded('', async (signal) =>
    get<SubscriptionPageJson>('subscriptions', { health: 'suspended,failing,paused', limit: 50 }, signal),
  );
  const names = useNames();
  useChanges(
    () => true,
    () => {
      stats.reload();
      troubled.reload();
    },
    4_000,
  );
  const { data } = stats;
  const when = ranges[range].name;
  const isNew = data !== undefined && troubled.data !== undefined && names.size === 0 && isQuiet(data);

  return (
    <Page
      title="Overview"
      actions={<RangePicker range={range} onPick={(picked) => restate({ page: 'overview', range: picked })} />}
    >
      <Problem
        error={stats.error ?? troubled.error}
        onRetry={() => {
          stats.reload();
          troubled.reload();
        }}
      />
      {isNew && <Welcome />}
      {troubled.data && troubled.data.rows.length > 0 && (
        <Attention subscriptions={troubled.data.rows} all={troubled.data.remaining} backlog={data?.backlog ?? []} />
      )}
      {data && !isNew && (
        <>
          <Figures stats={data} when={when} />
          <div class="charts">
            <ChartDeliveries stats={data} when={when} />
            <ChartSuccess stats={data} when={when} />
            <ChartLatency stats={data} when={when} />
            <ChartBacklog backlog={data.backlog} subscriptions={names} />
          </div>
        </>
      )}
      {!data && !stats.error && <p class="loading">Loading…</p>}
    </Page>
  );
}

/** The figures that charts are made of, in short. */
function Figures({ stats, when }: { readonly stats: StatsJson; readonly when: string }): JSX.Element {
  const { totals, backlog } = stats;
  const tried = totals.delivered + totals.retry + totals.failed;
  const waiting = backlog.reduce((sum, one) => sum + one.waiting, 0);
  const oldest = Math.max(0, ...backlog.map(({ oldestAgeSeconds }) => oldestAgeSeconds));
  return (
    <dl class="figures card">
      <div>
        <dt>Delivered</dt>
        <dd class="figure">{totals.delivered.toLocaleString('en')}</dd>
        <dd class="small muted">
          of {count(tried, 'attempt')}, {when.toLowerCase()}
        </dd>
      </div>
      <div>
        <dt>Success rate</dt>
        <dd class="figure">{percent(totals.delivered, tried)}</dd>
        <dd class="small muted">
          {totals.failed > 0 ? `${count(totals.failed, 'delivery', 'deliveries')} failed for good` : 'nothing failed for good'}
        </dd>
      </div>
      <div>
        <dt>Typical time to answer</dt>
        <dd class="figure">{latencyText(totals.latency.p50)}</dd>
        <dd class="small muted">
          {totals.latency.p95 === null ? 'nothing was sent' : `95 % within ${latencyText(totals.latency.p95)}`}
        </dd>
      </div>
      <div>
        <dt>Waiting now</dt>
        <dd class="figure">{waitingInWords(backlog)}</dd>
        <dd class="small muted">{waiting === 0 ? 'everything was sent' : `the oldest for ${span(oldest * 1_000)}`}</dd>
      </div>
    </dl>
  );
}
