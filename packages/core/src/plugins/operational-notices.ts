import type { HealthNotice, ReplayNotice } from '../engine-events.ts';
import { defineCatalog } from '../model/catalog.ts';
import type { Cut } from '../model/cut.ts';
import type { Subscription } from '../model/subscription.ts';
import type { PluginEvent } from '../plugin.ts';

/** What notices can tell of, each by its word in the field `notice`. */
export const operationalNotices = [
  'failing',
  'warning',
  'suspended',
  'recovered',
  'paused',
  'resumed',
  'unsubscribed',
  'cut',
  'replay_completed',
  'replay_failed',
  'replay_cancelled',
] as const;

/** What a notice tells of. */
export type OperationalNotice = (typeof operationalNotices)[number];

/** The event that notices are sent as. */
export const noticeEvent = 'webhook_notice';
/** The object types of their records, by name: hosts may give them numbers of their own. */
export const noticeTypes = { subscription: 'Webhook subscription', replay: 'Webhook replay' } as const;

/**
 * The event `webhook_notice` and the object types of its records, to be spread into the host's own catalog: 9001 of
 * subscriptions and 9002 of replays. Their numbers may be changed there, their names and fields not.
 */
export const operationalCatalog = defineCatalog({
  objectTypes: [
    {
      id: 9_001,
      name: noticeTypes.subscription,
      fields: [
        'id',
        'notice',
        'account_id',
        'topic',
        'url_host',
        'health',
        'stage',
        'reason',
        'next',
        'consecutive_failures',
        'cancelled',
        'at',
      ],
      lightweight: ['id', 'notice', 'account_id', 'reason'],
    },
    {
      id: 9_002,
      name: noticeTypes.replay,
      fields: [
        'id',
        'notice',
        'account_id',
        'subscription_id',
        'topic',
        'reason',
        'matched',
        'queued',
        'waiting',
        'delivered',
        'failed',
        'cancelled',
        'created_at',
        'at',
      ],
      lightweight: ['id', 'notice', 'account_id', 'delivered'],
    },
  ],
  events: { [noticeEvent]: { parameter: null } },
});

/** A notice that is to be emitted, but for the account. */
export interface Notice {
  readonly about: keyof typeof noticeTypes;
  /** Whose subscription or replay it is about. */
  readonly accountId: string;
  readonly event: Pick<PluginEvent, 'record' | 'occurredAt' | 'idempotencyKey'>;
}

/** What is told of a change of a subscription's health. */
export function healthNotice(
  notice: OperationalNotice,
  { subscription, reason, next, stage = '' }: HealthNotice & { readonly stage?: string },
  at: number,
): Notice {
  const { id, accountId, health, healthVersion, consecutiveFailures } = subscription;
  const record = { ...common(notice, subscription, at), health, stage, reason, next, consecutive_failures: consecutiveFailures };
  // One for each change, whichever process tells of it, and however often.
  return { about: 'subscription', accountId, event: { record, occurredAt: at, idempotencyKey: keyOf(`${id}.${healthVersion}`) } };
}

/** What is told of held deliveries that were cancelled. */
export function cutNotice({ subscription, tooMany, tooOld }: Cut, at: number): Notice {
  const reason = `it held more than it may: ${tooMany} deliveries too many, ${tooOld} for too long`;
  const next = 'what was cancelled can be sent again by a replay, as long as the log has it';
  const { health } = subscription;
  const record = { ...common('cut', subscription, at), health, reason, next, cancelled: tooMany + tooOld };
  return { about: 'subscription', accountId: subscription.accountId, event: { record, occurredAt: at } };
}

/** What is told of a replay that has ended. */
export function replayNotice(notice: OperationalNotice, { replay }: ReplayNotice, at: number): Notice {
  const { id, accountId, filter, reason, matched, queued, waiting, delivered, failed, cancelled, createdAt } = replay;
  const record = {
    id,
    notice,
    account_id: accountId,
    subscription_id: filter.subscriptionId,
    topic: filter.topic,
    reason,
    matched,
    queued,
    waiting,
    delivered,
    failed,
    cancelled,
    created_at: new Date(createdAt),
    at: new Date(at),
  };
  return { about: 'replay', accountId, event: { record, occurredAt: at, idempotencyKey: keyOf(`replay.${id}`) } };
}

function common(notice: OperationalNotice, { id, accountId, topic, url }: Subscription, at: number) {
  return { id, notice, account_id: accountId, topic, url_host: hostOf(url), at: new Date(at) };
}

/** The rest of a URL may hold a password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function keyOf(what: string): string {
  return `${noticeEvent}.${what}`;
}
