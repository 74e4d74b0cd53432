import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ReplayJson, ReplayPageJson } from '../../src/manage/schemas-replays.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Empty } from '../look/empty.tsx';
import { count, moment } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { Tag } from '../look/tag.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { get } from './api.ts';
import { ReplayDialog } from './dialog-replay.tsx';
import { StopReplayDialog } from './dialog-stop-replay.tsx';
import { useChanges } from './hooks.ts';
import { useNames, type Names } from './names.ts';
import { Page } from './page.tsx';
import { replayLabels, sentence, topicWords } from './words.ts';

/** How often it is asked how far those are that run, in milliseconds. */
const lookEveryMs = 2_000;

/** The account's replays: how far each is, and what it was made for. */
export function Replays(): JSX.Element {
  const names = useNames();
  const first = useLoaded('', async (signal) => get<ReplayPageJson>('replays', { limit: 20 }, signal));
  const [later, setLater] = useState<readonly ReplayJson[]>([]);
  const [next, setNext] = useState<string | null>();
  const [open, setOpen] = useState<'new' | ReplayJson | null>(null);
  useChanges(() => true, first.reload, lookEveryMs);

  const { data } = first;
  const rows = [...new Map([...(later ?? []), ...(data?.rows ?? [])].map((row) => [row.id, row])).values()].toSorted((a, b) =>
    a.id < b.id ? 1 : -1,
  );
  const runs = rows.some(({ state }) => state === 'running');
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(first.reload, lookEveryMs);
    return () => clearInterval(timer);
  }, [runs, first.reload]);
  const cursor = next === undefined ? (data?.next ?? null) : next;
  const showMore = useAction(async () => {
    const page = await get<ReplayPageJson>('replays', { limit: 50, cursor });
    setLater((before) => [...before, ...page.rows]);
    setNext(page.next);
    announce(`${count(page.rows.length, 'more replay')} shown.`);
  });

  return (
    <Page
      title="Replays"
      actions={
        <Button kind="primary" icon="again" onClick={() => setOpen('new')}>
          Send again …
        </Button>
      }
    >
      <Problem error={first.error ?? showMore.error} onRetry={first.reload} />
      {!data && !first.error && <p class="loading">Loading…</p>}
      {data && (
        <div class="card">
          {rows.length === 0 ? (
            <Empty title="Nothing was sent again yet">
              When an endpoint was down, or a subscription was made too late, a replay sends what is missing.
            </Empty>
          ) : (
            <ul class="replays" aria-label="Replays">
              {rows.map((replay) => (
                <Row key={replay.id} replay={replay} names={names} onStop={() => setOpen(replay)} />
              ))}
            </ul>
          )}
        </div>
      )}
      {cursor !== null && (
        <div>
          <Button busy={showMore.busy} onClick={showMore.run}>
            Show more
          </Button>
        </div>
      )}
      {open === 'new' && <ReplayDialog subscriptionId={null} onClose={() => setOpen(null)} onBegun={first.reload} />}
      {open !== null && open !== 'new' && <StopReplayDialog replay={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

interface RowProps {
  readonly replay: ReplayJson;
  readonly names: Names;
  readonly onStop: () => void;
}

function Row({ replay, names, onStop }: RowProps): JSX.Element {
  const { state, reason, createdAt, endedAt, queued, waiting } = replay;
  const { text, tone, icon } = replayLabels[state];
  const what = whatWords(replay, names);
  return (
    <li>
      <Tag tone={tone} icon={icon}>
        {text}
      </Tag>
      <div class="replay-main">
        <p class="replay-what">{what}</p>
        {state === 'running' && <progress aria-label={`How far: ${what}`} max={Math.max(queued, 1)} value={queued - waiting} />}
        <p>{countWords(replay)}</p>
        {reason !== '' && <p class="muted">{sentence(reason)}</p>}
        <p class="small muted">
          Begun <Time at={Date.parse(createdAt)} />
          {endedAt !== null && (
            <>
              , ended <Time at={Date.parse(endedAt)} />
            </>
          )}
        </p>
      </div>
      {state === 'running' && (
        <Button small onClick={onStop} aria-label={`Cancel: ${what}`}>
          Cancel
        </Button>
      )}
    </li>
  );
}

/** What a replay was made for. */
function whatWords({ filter }: ReplayJson, names: Names): string {
  const { subscriptionId, topic, recordId, from, until, outcomes, missing } = filter;
  const ends = [...outcomes, ...(missing ? ['never sent'] : [])].join(' or ');
  const name = subscriptionId === null ? undefined : names.get(subscriptionId);
  const parts = [
    `${ends.charAt(0).toUpperCase()}${ends.slice(1)}`,
    subscriptionId === null ? 'all subscriptions' : `subscription ${subscriptionId}${name ? ` (${topicWords(name.topic)})` : ''}`,
    ...(topic === null ? [] : [topicWords(topic)]),
    ...(recordId === null ? [] : [`about record ${recordId}`]),
    ...(Date.parse(from) > 0 ? [`since ${moment(Date.parse(from))}`] : []),
    ...(until === null ? [] : [`until ${moment(Date.parse(until))}`]),
  ];
  return parts.join(' · ');
}

/** How many it has come to. */
function countWords({ state, looking, queued, waiting, delivered, failed, cancelled }: ReplayJson): string {
  const counted = [
    [delivered, 'delivered'],
    [failed, 'failed'],
    [cancelled, 'cancelled'],
    [waiting, state === 'running' ? 'waiting' : 'unfinished then'],
  ] as const;
  const parts = counted.filter(([number]) => number > 0).map(([number, word]) => `${number.toLocaleString('en')} ${word}`);
  const sum = queued === 0 ? 'Nothing made due' : `${count(queued, 'delivery', 'deliveries')} made due: ${parts.join(', ')}`;
  return `${sum}${looking ? '; it looks for more' : ''}.`;
}
