import type { JSX } from 'preact';
import { Button } from '../look/button.tsx';
import { isNarrowed } from './log-query.ts';
import type { Names } from './names.ts';
import { logStatuses, logTimes, wholeLog, type LogFilter, type LogStatus, type LogTime } from './route.ts';
import { SearchField } from './search-field.tsx';
import { shortUrl, statusLabels } from './words.ts';

interface LogFiltersProps {
  readonly filter: LogFilter;
  readonly names: Names;
  readonly onChange: (filter: LogFilter) => void;
}

const times: Readonly<Record<LogTime, string>> = {
  any: 'Any time',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  between: 'Between …',
};

const statusName = (status: LogStatus): string => (status === 'any' ? 'All' : statusLabels[status].text);

/** What of the log is shown. */
export function LogFilters({ filter, names, onChange }: LogFiltersProps): JSX.Element {
  const waiting = filter.status === 'waiting';
  const topics = [...new Set([...names.values()].map(({ topic }) => topic))].toSorted();
  if (filter.topic !== '' && !topics.includes(filter.topic)) topics.push(filter.topic);
  const change = (part: Partial<LogFilter>): void => onChange({ ...filter, ...part });

  return (
    <search class="log-filters">
      <div class="segments" role="group" aria-label="Status">
        {logStatuses.map((status) => (
          <button
            key={status}
            type="button"
            class="segment"
            aria-pressed={filter.status === status}
            onClick={() => change({ status })}
          >
            {statusName(status)}
          </button>
        ))}
      </div>
      <div class="toolbar">
        {!waiting && <SearchField label="Search the log" text={filter.text} onSearch={(text) => change({ text })} />}
        {!waiting && (
          <select
            class="input log-select"
            aria-label="Event"
            value={filter.topic}
            onChange={(event) => change({ topic: event.currentTarget.value })}
          >
            <option value="">Any event</option>
            {topics.map((topic) => (
              <option key={topic} value={topic}>
                {topic}
              </option>
            ))}
          </select>
        )}
        <select
          class="input log-select log-wide"
          aria-label="Subscription"
          value={filter.subscriptionId ?? ''}
          onChange={({ currentTarget: { value } }) => change({ subscriptionId: value === '' ? null : Number(value) })}
        >
          <option value="">Any subscription</option>
          {filter.subscriptionId !== null && !names.has(filter.subscriptionId) && (
            <option value={filter.subscriptionId}>Subscription {filter.subscriptionId}</option>
          )}
          {[...names.values()].map(({ id, topic, url, health }) => (
            <option key={id} value={id}>
              {`${id} · ${topic} → ${shortUrl(url).slice(0, 50)}${health === 'unsubscribed' ? ' (ended)' : ''}`}
            </option>
          ))}
        </select>
        {!waiting && (
          <select
            class="input log-select"
            aria-label="Time"
            value={filter.time}
            onChange={({ currentTarget: { value } }) => {
              const time = logTimes.find((known) => known === value) ?? 'any';
              change({ time, from: '', until: '' });
            }}
          >
            {logTimes.map((time) => (
              <option key={time} value={time}>
                {times[time]}
              </option>
            ))}
          </select>
        )}
        {(isNarrowed(filter) || filter.status !== 'any') && (
          <Button kind="quiet" small icon="cross" onClick={() => onChange(wholeLog)}>
            Clear
          </Button>
        )}
      </div>
      {filter.time === 'between' && !waiting && (
        <div class="toolbar">
          {(['from', 'until'] as const).map((edge) => (
            <label key={edge} class="row">
              {edge === 'from' ? 'From' : 'Until'}
              <input
                type="datetime-local"
                class="input log-select"
                value={filter[edge]}
                onChange={(event) => change({ [edge]: event.currentTarget.value })}
              />
            </label>
          ))}
        </div>
      )}
    </search>
  );
}
