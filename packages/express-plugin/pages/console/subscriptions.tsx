import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SubscriptionJson, SubscriptionPageJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Empty } from '../look/empty.tsx';
import { count } from '../look/format.ts';
import { Icon } from '../look/icon.tsx';
import { Problem } from '../look/problem.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { get } from './api.ts';
import { useChanges } from './hooks.ts';
import { Page } from './page.tsx';
import { hashOf, type Which } from './route.ts';
import { restate } from './router.tsx';
import { SearchField } from './search-field.tsx';
import { HealthTag } from './state-tag.tsx';
import { statusName } from './status-name.ts';
import { healthWords, shortUrl, topicWords } from './words.ts';

const choices: readonly { readonly which: Which; readonly name: string }[] = [
  { which: 'active', name: 'Active' },
  { which: 'ended', name: 'Ended' },
  { which: 'all', name: 'All' },
];

interface SubscriptionsProps {
  readonly which: Which;
  readonly text: string;
}

/** The account's subscriptions, each with its health in words. */
export function Subscriptions({ which, text }: SubscriptionsProps): JSX.Element {
  const key = `${which} ${text}`;
  const load = async (cursor: string | null, limit: number, signal?: AbortSignal): Promise<SubscriptionPageJson> =>
    get('subscriptions', { which, text: text.trim(), cursor, limit }, signal);
  const first = useLoaded(key, async (signal) => load(null, 50, signal));
  const [later, setLater] = useState<SubscriptionPageJson[]>([]);
  useEffect(() => setLater([]), [key]);
  useChanges(() => true, first.reload, 2_000);

  const { data } = first;
  const rows = [...new Map([data, ...later].flatMap((page) => page?.rows ?? []).map((row) => [row.id, row])).values()];
  const next = later.length > 0 ? later.at(-1)?.next : data?.next;
  const showMore = useAction(async () => {
    const page = await load(next ?? null, 100);
    setLater((before) => [...before, page]);
    announce(`${count(page.rows.length, 'more subscription')} shown.`);
  });
  const total = data?.remaining ?? 0;
  useEffect(() => {
    if (data && text !== '') announce(count(total, 'subscription'));
  }, [data === undefined, text, total]);

  return (
    <Page
      title="Subscriptions"
      actions={
        <a class="button button-primary" href="#/subscriptions/new">
          <Icon name="plus" />
          New subscription
        </a>
      }
    >
      <div class="toolbar">
        <SearchField
          label="Search subscriptions"
          text={text}
          onSearch={(typed) => restate({ page: 'subscriptions', which, text: typed })}
        />
        <div class="segments" role="group" aria-label="Which subscriptions">
          {choices.map((choice) => (
            <button
              key={choice.which}
              type="button"
              class="segment"
              aria-pressed={choice.which === which}
              onClick={() => restate({ page: 'subscriptions', which: choice.which, text })}
            >
              {choice.name}
            </button>
          ))}
        </div>
        {data && <span class="small muted">{count(total, 'subscription')}</span>}
      </div>
      <Problem error={first.error ?? showMore.error} onRetry={first.reload} />
      {!data && !first.error && <p class="loading">Loading…</p>}
      {data && (
        <div class="card">
          {rows.length === 0 ? (
            <Nothing
              which={which}
              searched={text !== ''}
              onClear={() => restate({ page: 'subscriptions', which: 'all', text: '' })}
            />
          ) : (
            <ul class="subscriptions">
              {rows.map((subscription) => (
                <Row key={subscription.id} subscription={subscription} />
              ))}
            </ul>
          )}
        </div>
      )}
      {next && (
        <div>
          <Button busy={showMore.busy} onClick={showMore.run}>
            Show more
          </Button>
        </div>
      )}
    </Page>
  );
}

function Row({ subscription }: { readonly subscription: SubscriptionJson }): JSX.Element {
  const { id, topic, url, health, healthSince, format, encoding, lastAttemptAt, lastStatus } = subscription;
  const { why, next } = healthWords(subscription);
  return (
    <li>
      <HealthTag health={health} />
      <div class="subscription-main">
        <a class="subscription-name" href={hashOf({ page: 'subscription', id })}>
          {topicWords(topic)}
        </a>
        <span class="muted">{shortUrl(url)}</span>
        {health !== 'healthy' && (
          <span>
            {why}{' '}
            <span class="muted">
              Since <Time at={Date.parse(healthSince)} />. {next}
            </span>
          </span>
        )}
      </div>
      <div class="subscription-side">
        <div>
          <code>{topic}</code> · {format} · {encoding === 'form' ? 'form' : 'JSON'}
        </div>
        <div>
          {lastAttemptAt === null ? (
            'nothing sent yet'
          ) : (
            <>
              last sent <Time at={Date.parse(lastAttemptAt)} />
              {lastStatus > 0 ? `, answered ${statusName(lastStatus)}` : ', no answer'}
            </>
          )}
        </div>
      </div>
    </li>
  );
}

interface NothingProps {
  readonly which: Which;
  readonly searched: boolean;
  readonly onClear: () => void;
}

function Nothing({ which, searched, onClear }: NothingProps): JSX.Element {
  if (searched) {
    return (
      <Empty title="Nothing was found" actions={<Button onClick={onClear}>Show all subscriptions</Button>}>
        The search looks in the address, the event and the format.
      </Empty>
    );
  }
  if (which === 'ended') return <Empty title="None has ended">Subscriptions that have ended stay here for a while.</Empty>;
  return (
    <Empty
      title="No subscriptions yet"
      actions={
        <a class="button button-primary" href="#/subscriptions/new">
          Make the first one
        </a>
      }
    >
      A subscription sends an event, such as “tag 3 is added”, to an address of yours as soon as it happens.
    </Empty>
  );
}
