import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeliveryDetailsJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Copy } from '../look/copy.tsx';
import { Problem } from '../look/problem.tsx';
import { Time, useNow } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { get, send } from './api.ts';
import { Attempts } from './attempts.tsx';
import { CancelDialog } from './dialog-cancel.tsx';
import { explain } from './explain.ts';
import { useChanges } from './hooks.ts';
import { changed } from './live.ts';
import { RequestView } from './request-view.tsx';
import { hashOf } from './route.ts';
import { StatusTag } from './state-tag.tsx';
import { localTimes, sentence, shortUrl, topicWords } from './words.ts';

/** One delivery: what became of it and why, every attempt, its request, and what can be done. */
export function Delivery({ id }: { readonly id: string }): JSX.Element {
  const path = `deliveries/${encodeURIComponent(id)}`;
  const loaded = useLoaded(id, async (signal) => get<DeliveryDetailsJson>(path, {}, signal));
  useChanges((change) => change.deliveries.includes(id), loaded.reload, 500);
  const [cancelling, setCancelling] = useState(false);
  const again = useAction(async () => {
    await send('POST', `${path}/replay`);
    announce('It is sent again.');
    loaded.reload();
    changed();
  });
  const { data: delivery } = loaded;
  if (!delivery) {
    return (
      <>
        <Problem error={loaded.error} onRetry={loaded.reload} />
        {!loaded.error && <p class="loading">Loading…</p>}
      </>
    );
  }
  return (
    <>
      <Verdict delivery={delivery} />
      <Problem error={again.error ?? loaded.error} />
      {(delivery.canReplay || delivery.canCancel) && (
        <div class="row">
          {delivery.canReplay && (
            <Button kind="primary" icon="again" busy={again.busy} onClick={again.run}>
              Send again
            </Button>
          )}
          {delivery.canCancel && (
            <Button icon="cross" onClick={() => setCancelling(true)}>
              Cancel
            </Button>
          )}
        </div>
      )}
      <Attempts attempts={delivery.attempts} />
      <section class="card" aria-labelledby="request">
        <div class="card-head">
          <h2 id="request">Request</h2>
        </div>
        <div class="card-body">
          {delivery.request ? (
            <RequestView request={delivery.request} />
          ) : (
            <p class="muted">The event, its record or its subscription is no longer kept, so that the request cannot be shown.</p>
          )}
        </div>
      </section>
      {cancelling && <CancelDialog id={id} onClose={() => setCancelling(false)} onDone={loaded.reload} />}
    </>
  );
}

/** What became of it, so that somebody who knows nothing of queues can read it. */
function Verdict({ delivery }: { readonly delivery: DeliveryDetailsJson }): JSX.Element {
  const { id, state, next, topic, subscriptionId, subscription, createdAt, dueAt, event, attempts } = delivery;
  const last = attempts[0];
  const why = last && explain(last);
  return (
    <section class="card card-body verdict" aria-label="What became of it">
      <div class="row">
        <StatusTag status={state} />
        <span class="verdict-what">{headline(delivery)}</span>
      </div>
      {why && state !== 'delivered' && (
        <p>
          {why.what} {why.advice}
        </p>
      )}
      {next !== '' && (
        <p>
          <strong>What happens next:</strong> {sentence(localTimes(next))}
          {state === 'waiting' && <Due at={dueAt} />}
        </p>
      )}
      <dl class="facts">
        <dt>Event</dt>
        <dd>
          {topicWords(topic)} <code class="muted">{topic}</code>
          {event && (
            <span class="muted">
              , <Time at={Date.parse(event.occurredAt)} as="full" />
            </span>
          )}
        </dd>
        <dt>Sent to</dt>
        <dd>
          <a href={hashOf({ page: 'subscription', id: subscriptionId })}>
            {subscription ? shortUrl(subscription.url) : `subscription ${subscriptionId}`}
          </a>
        </dd>
        {createdAt !== null && (
          <>
            <dt>Stored</dt>
            <dd>
              <Time at={Date.parse(createdAt)} as="full" />
            </dd>
          </>
        )}
        <dt>
          Id <span class="visually-hidden">of the delivery</span>
        </dt>
        <dd class="row">
          <code>{id}</code>
          <Copy text={id} what="id of the delivery" />
        </dd>
      </dl>
    </section>
  );
}

/** When it is due, unless that is past: then something else holds it, and that is told already. */
function Due({ at }: { readonly at: string | null }): JSX.Element | null {
  const now = useNow();
  if (at === null || Date.parse(at) <= now) return null;
  return (
    <>
      {' '}
      (<Time at={Date.parse(at)} />)
    </>
  );
}

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);

function headline({ state, attempts }: DeliveryDetailsJson): string {
  const tried = Math.max(0, ...attempts.map(({ number }) => number));
  switch (state) {
    case 'delivered':
      return tried > 1 ? `It arrived at the ${ordinal(tried)} attempt` : 'It arrived';
    case 'failed':
      return `It did not arrive: tried ${times(tried)}, and given up`;
    case 'cancelled':
      return tried === 0 ? 'It was cancelled before it was sent' : `It was cancelled after it was tried ${times(tried)}`;
    case 'sending':
      return 'It is being sent right now';
    case 'waiting':
      return tried === 0 ? 'It was not sent yet' : `It has not arrived yet: tried ${times(tried)} so far`;
  }
}

function ordinal(count: number): string {
  return { 2: 'second', 3: 'third', 4: 'fourth', 5: 'fifth' }[count] ?? `${count}th`;
}
