import type { JSX } from 'preact';
import type { BacklogJson } from '../../src/manage/schemas-stats.ts';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { count } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';
import { changed } from './live.ts';
import { hashOf, wholeLog } from './route.ts';
import { HealthTag } from './state-tag.tsx';
import { healthWords, shortUrl, topicWords } from './words.ts';

interface AttentionProps {
  readonly subscriptions: readonly SubscriptionJson[];
  /** How many there are in all. */
  readonly all: number;
  readonly backlog: readonly BacklogJson[];
}

const order = ['suspended', 'failing', 'paused', 'unsubscribed', 'healthy'] as const;
const shownAtMost = 5;

/** Subscriptions that are not as they should be, the worst first: what is the matter, and what happens next. */
export function Attention({ subscriptions, all, backlog }: AttentionProps): JSX.Element {
  const worst = subscriptions.toSorted((a, b) => order.indexOf(a.health) - order.indexOf(b.health)).slice(0, shownAtMost);
  const waiting = new Map(backlog.map((one) => [one.subscriptionId, one.waiting]));
  return (
    <section class="card" aria-labelledby="attention">
      <div class="card-head">
        <h2 id="attention">Needs attention</h2>
        <span class="small muted">{count(all, 'subscription is', 'subscriptions are')} not delivering as usual</span>
      </div>
      <ul class="attention">
        {worst.map((subscription) => (
          <Item key={subscription.id} subscription={subscription} waiting={waiting.get(subscription.id) ?? 0} />
        ))}
      </ul>
      {all > worst.length && (
        <p class="card-foot">
          <a href="#/subscriptions">See all subscriptions</a>
        </p>
      )}
    </section>
  );
}

function Item({ subscription, waiting }: { readonly subscription: SubscriptionJson; readonly waiting: number }): JSX.Element {
  const { id, url, topic, health, healthSince } = subscription;
  const { why, next } = healthWords(subscription);
  const resume = useAction(async () => {
    await send('POST', `subscriptions/${id}/resume`);
    announce(`${topic} flows again.`);
    changed();
  });
  return (
    <li>
      <div class="row">
        <HealthTag health={health} />
        <a class="attention-name" href={hashOf({ page: 'subscription', id })}>
          {topicWords(topic)} → {shortUrl(url)}
        </a>
        <span class="small muted">
          since <Time at={Date.parse(healthSince)} />
        </span>
      </div>
      <p>{why}</p>
      {next && (
        <p class="muted">
          <strong>What happens next:</strong> {next}
          {waiting > 0 && ` ${count(waiting, 'delivery waits', 'deliveries wait')}.`}
        </p>
      )}
      <div class="row">
        {(health === 'suspended' || health === 'paused') && (
          <Button small icon="play" busy={resume.busy} onClick={resume.run} aria-label={`Resume ${topic} to ${shortUrl(url)}`}>
            Resume
          </Button>
        )}
        <a class="small" href={hashOf({ page: 'log', filter: { ...wholeLog, subscriptionId: id }, delivery: null })}>
          See its deliveries
          <span class="visually-hidden"> ({topic})</span>
        </a>
      </div>
      <Problem error={resume.error} />
    </li>
  );
}
