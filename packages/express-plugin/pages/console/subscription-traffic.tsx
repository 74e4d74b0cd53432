import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AttemptPageJson } from '../../src/manage/schemas.ts';
import { duration } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { Time } from '../look/time.tsx';
import { useLoaded } from '../look/use-loaded.ts';
import { get } from './api.ts';
import { ranges } from './chart-data.ts';
import { ChartDeliveries } from './chart-deliveries.tsx';
import { ChartLatency } from './chart-latency.tsx';
import { explain } from './explain.ts';
import { useChanges } from './hooks.ts';
import { loadStats } from './load-stats.ts';
import { RangePicker } from './range-picker.tsx';
import { hashOf, wholeLog, type RangeName } from './route.ts';
import { StatusTag } from './state-tag.tsx';

/** What a subscription was sent: charts, and the last lines of its log. */
export function SubscriptionTraffic({ id }: { readonly id: number }): JSX.Element {
  const [range, setRange] = useState<RangeName>('24h');
  const stats = useLoaded(`${id} ${range}`, async (signal) => loadStats(range, id, signal));
  const attempts = useLoaded(String(id), async (signal) =>
    get<AttemptPageJson>('attempts', { subscriptionId: id, limit: 10 }, signal),
  );
  useChanges(
    (change) => change.subscriptions.includes(id),
    () => {
      stats.reload();
      attempts.reload();
    },
    2_000,
  );
  const when = ranges[range].name;
  const rows = attempts.data?.rows ?? [];
  return (
    <>
      <div class="title-row">
        <h2>What it was sent</h2>
        <RangePicker range={range} onPick={setRange} />
      </div>
      <Problem error={stats.error ?? attempts.error} onRetry={stats.reload} />
      {stats.data && (
        <div class="charts">
          <ChartDeliveries stats={stats.data} when={when} />
          <ChartLatency stats={stats.data} when={when} />
        </div>
      )}
      <section class="card" aria-labelledby="last">
        <div class="card-head">
          <h2 id="last">Last attempts</h2>
          <a class="small" href={hashOf({ page: 'log', filter: { ...wholeLog, subscriptionId: id }, delivery: null })}>
            See all in the log
          </a>
        </div>
        {rows.length === 0 ? (
          <p class="loading">{attempts.data ? 'Nothing was sent yet.' : 'Loading…'}</p>
        ) : (
          <div class="table-scroll" tabIndex={0} role="group" aria-labelledby="last">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Status</th>
                  <th scope="col">What happened</th>
                  <th scope="col">When</th>
                  <th scope="col" class="number">
                    Took
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((attempt) => (
                  <tr key={attempt.id}>
                    <td>
                      <StatusTag status={attempt.outcome} />
                    </td>
                    <td>
                      <a href={hashOf({ page: 'delivery', id: attempt.deliveryId })}>{explain(attempt).what}</a>
                    </td>
                    <td>
                      <Time at={Date.parse(attempt.startedAt)} />
                    </td>
                    <td class="number nowrap">{attempt.number === 0 ? '–' : duration(attempt.durationMs)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  );
}
