import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Copy } from '../look/copy.tsx';
import { span } from '../look/format.ts';
import { Icon } from '../look/icon.tsx';
import { Problem } from '../look/problem.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { get, send } from './api.ts';
import { DeleteDialog } from './dialog-delete.tsx';
import { FilterDialog } from './dialog-filter.tsx';
import { HeadersDialog } from './dialog-headers.tsx';
import { PauseDialog } from './dialog-pause.tsx';
import { ReplayDialog } from './dialog-replay.tsx';
import { SecretDialog } from './dialog-secret.tsx';
import { TestDialog } from './dialog-test.tsx';
import { useChanges } from './hooks.ts';
import { changed } from './live.ts';
import { Page } from './page.tsx';
import { hashOf } from './route.ts';
import { go } from './router.tsx';
import { settings } from './settings.ts';
import { HealthTag } from './state-tag.tsx';
import { statusName } from './status-name.ts';
import { SubscriptionTraffic } from './subscription-traffic.tsx';
import { healthWords, topicWords } from './words.ts';

type Open = 'test' | 'pause' | 'replay' | 'filter' | 'secret' | 'headers' | 'delete';

/** One subscription: how it is, what it is sent, and what can be done with it. */
export function SubscriptionPage({ id }: { readonly id: number }): JSX.Element {
  const loaded = useLoaded(String(id), async (signal) => get<SubscriptionJson>(`subscriptions/${id}`, {}, signal));
  useChanges((change) => change.subscriptions.includes(id), loaded.reload);
  const [open, setOpen] = useState<Open | null>(null);
  const { data: subscription } = loaded;
  const resume = useAction(async () => {
    await send('POST', `subscriptions/${id}/resume`);
    announce('It flows again.');
    changed();
  });
  const close = (): void => setOpen(null);
  const back = { href: '#/subscriptions', name: 'Subscriptions' };

  if (!subscription) {
    return (
      <Page title={`Subscription ${id}`} back={back}>
        <Problem error={loaded.error} onRetry={loaded.reload} />
        {!loaded.error && <p class="loading">Loading…</p>}
      </Page>
    );
  }
  const { topic, health } = subscription;
  const ended = health === 'unsubscribed';
  return (
    <Page
      title={topicWords(topic)}
      back={back}
      beside={<HealthTag health={health} />}
      actions={
        !ended && (
          <>
            <Button kind="primary" icon="out" onClick={() => setOpen('test')}>
              Send test event
            </Button>
            {health === 'paused' || health === 'suspended' ? (
              <Button icon="play" busy={resume.busy} onClick={resume.run}>
                Resume
              </Button>
            ) : (
              <Button icon="pause" onClick={() => setOpen('pause')}>
                Pause
              </Button>
            )}
            <Button icon="again" onClick={() => setOpen('replay')}>
              Send again …
            </Button>
            <a class="button" href={hashOf({ page: 'edit', id })}>
              Edit
            </a>
            <Button kind="risky" onClick={() => setOpen('delete')}>
              Delete
            </Button>
          </>
        )
      }
    >
      <Problem error={resume.error ?? loaded.error} onRetry={loaded.reload} />
      <HealthCard subscription={subscription} />
      <Facts subscription={subscription} onOpen={ended ? null : setOpen} />
      <SubscriptionTraffic id={id} />
      {open === 'test' && <TestDialog subscription={subscription} onClose={close} />}
      {open === 'pause' && <PauseDialog subscription={subscription} onClose={close} />}
      {open === 'replay' && <ReplayDialog subscriptionId={id} onClose={close} onBegun={() => go({ page: 'replays' })} />}
      {open === 'filter' && <FilterDialog subscription={subscription} onClose={close} />}
      {open === 'secret' && <SecretDialog subscription={subscription} onClose={close} />}
      {open === 'headers' && <HeadersDialog subscription={subscription} onClose={close} />}
      {open === 'delete' && <DeleteDialog subscription={subscription} onClose={close} />}
    </Page>
  );
}

function HealthCard({ subscription }: { readonly subscription: SubscriptionJson }): JSX.Element | null {
  const { health, healthSince, consecutiveFailures, failingSince, heldUntil } = subscription;
  if (health === 'healthy') return null;
  const { why, next } = healthWords(subscription);
  const tone = { failing: 'warn', suspended: 'bad', paused: 'info', unsubscribed: 'info' } as const;
  return (
    <div class={`notice notice-${tone[health]}`}>
      <Icon name={health === 'paused' ? 'pause' : 'warning'} />
      <div class="notice-text">
        <p class="notice-title">{why}</p>
        <p>
          Since <Time at={Date.parse(healthSince)} as="full" />
          {consecutiveFailures > 0 && `. ${consecutiveFailures} attempts in a row failed`}
          {failingSince !== null && consecutiveFailures > 0 && (
            <>
              , the first <Time at={Date.parse(failingSince)} />
            </>
          )}
          .
        </p>
        {next && (
          <p>
            <strong>What happens next:</strong> {next}
            {heldUntil !== null && health !== 'paused' && (
              <>
                {' '}
                Nothing is sent before <Time at={Date.parse(heldUntil)} as="short" />.
              </>
            )}
          </p>
        )}
      </div>
    </div>
  );
}

interface FactsProps {
  readonly subscription: SubscriptionJson;
  /** Opens what changes something; null when nothing can be changed. */
  readonly onOpen: ((what: Open) => void) | null;
}

function Facts({ subscription, onOpen }: FactsProps): JSX.Element {
  const { id, url, topic, format, encoding, ordering, coalesceMs, createdAt, lastAttemptAt, lastStatus } = subscription;
  const { filter, hasSecret, headerNames } = subscription;
  return (
    <section class="card" aria-labelledby="facts">
      <div class="card-head">
        <h2 id="facts">What it is</h2>
      </div>
      <dl class="card-body facts facts-two">
        <dt>Event</dt>
        <dd>
          {topicWords(topic)} <code class="muted">{topic}</code>
        </dd>
        <dt>Sent to</dt>
        <dd class="row">
          <code>{url}</code>
          <Copy text={url} what="URL" />
        </dd>
        <dt>Format</dt>
        <dd>
          {format}, {encoding === 'form' ? 'as form fields' : 'as JSON'}
        </dd>
        {ordering !== 'none' && (
          <>
            <dt>Order</dt>
            <dd>{ordering === 'record' ? 'those of a record one after the other' : 'one after the other'}</dd>
          </>
        )}
        {coalesceMs > 0 && (
          <>
            <dt>Updates</dt>
            <dd>of the same record within {span(coalesceMs)} are sent once, the newest</dd>
          </>
        )}
        {(settings.filters || filter) && (
          <>
            <dt>Filter</dt>
            <dd class="row">
              {filter ? <code>{JSON.stringify(filter)}</code> : 'none: it gets every event of its kind'}
              {settings.filters && onOpen && (
                <Button small onClick={() => onOpen('filter')}>
                  {filter ? 'Change filter' : 'Add a filter'}
                </Button>
              )}
            </dd>
          </>
        )}
        <dt>Signature</dt>
        <dd class="row">
          {hasSecret ? 'signed with a secret of its own' : 'no secret of its own'}
          {hasSecret && onOpen && (
            <Button small icon="again" onClick={() => onOpen('secret')}>
              Rotate secret
            </Button>
          )}
        </dd>
        {(settings.headers || headerNames.length > 0) && (
          <>
            <dt>Own headers</dt>
            <dd class="row">
              {headerNames.length === 0 ? 'none' : headerNames.join(', ')}
              {onOpen && (
                <Button small onClick={() => onOpen('headers')}>
                  {headerNames.length === 0 ? 'Add headers' : 'Change headers'}
                </Button>
              )}
            </dd>
          </>
        )}
        <dt>Last sent</dt>
        <dd>
          {lastAttemptAt === null ? (
            'nothing yet'
          ) : (
            <>
              <Time at={Date.parse(lastAttemptAt)} />, {lastStatus > 0 ? `answered ${statusName(lastStatus)}` : 'no answer'}
            </>
          )}
        </dd>
        <dt>Made</dt>
        <dd>
          <Time at={Date.parse(createdAt)} as="full" />
        </dd>
        <dt>Number</dt>
        <dd>{id}</dd>
      </dl>
    </section>
  );
}
