import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import type { ReplayJson } from '../../src/manage/schemas-replays.ts';
import { moment } from '../look/format.ts';
import type { IconName } from '../look/icon-paths.ts';
import type { Tone } from '../look/tone.ts';
import type { LogLine } from './log-lines.ts';
import { statusName } from './status-name.ts';

/** How a state is shown. */
export interface Label {
  readonly text: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

export const healthLabels: Readonly<Record<SubscriptionJson['health'], Label>> = {
  healthy: { text: 'Healthy', tone: 'good', icon: 'check' },
  failing: { text: 'Failing', tone: 'warn', icon: 'warning' },
  suspended: { text: 'Suspended', tone: 'bad', icon: 'cross' },
  paused: { text: 'Paused', tone: 'off', icon: 'pause' },
  unsubscribed: { text: 'Ended', tone: 'off', icon: 'cross' },
};

export const statusLabels: Readonly<Record<LogLine['status'], Label>> = {
  delivered: { text: 'Delivered', tone: 'good', icon: 'check' },
  retry: { text: 'Will retry', tone: 'warn', icon: 'again' },
  failed: { text: 'Failed', tone: 'bad', icon: 'cross' },
  cancelled: { text: 'Cancelled', tone: 'off', icon: 'cross' },
  waiting: { text: 'Waiting', tone: 'info', icon: 'clock' },
  sending: { text: 'Sending', tone: 'info', icon: 'up' },
};

export const replayLabels: Readonly<Record<ReplayJson['state'], Label>> = {
  running: { text: 'Running', tone: 'info', icon: 'again' },
  done: { text: 'Done', tone: 'good', icon: 'check' },
  cancelled: { text: 'Cancelled', tone: 'off', icon: 'cross' },
  failed: { text: 'Failed', tone: 'bad', icon: 'warning' },
};

/** What is the matter with a subscription, and what happens next. */
export interface HealthWords {
  readonly why: string;
  readonly next: string;
}

/** The health of a subscription in sentences; empty ones where there is nothing to say. */
export function healthWords(
  subscription: Pick<SubscriptionJson, 'health' | 'healthReason' | 'healthNext' | 'lastStatus' | 'lastAttemptAt'>,
): HealthWords {
  const { health, healthReason, healthNext, lastStatus, lastAttemptAt } = subscription;
  if (health === 'healthy') return { why: 'It is sent everything as it happens.', next: '' };
  const next = sentence(localTimes(healthNext));
  const why = sentence(localTimes(healthReason));
  if (lastAttemptAt === null || (health !== 'failing' && health !== 'suspended')) return { why, next };
  return {
    why: `${why} ${lastStatus === 0 ? 'The last time there was no answer.' : `The last answer was ${statusName(lastStatus)}.`}`,
    next,
  };
}

/** A piece of text as a sentence: a capital in front, a full stop at the end. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** A text with its times in the reader's time zone. */
export function localTimes(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g, (iso) => moment(Date.parse(iso)));
}

const events: Readonly<Record<string, (target: string) => string>> = {
  object_create: (target) => (target === '0' ? 'A contact is created' : `A record of type ${target} is created`),
  object_submits_form: (target) => `Form ${target} is submitted`,
  sub_tag: (target) => `Tag ${target} is added`,
  unsub_tag: (target) => `Tag ${target} is removed`,
};

/** What a topic means: `Tag 3 is added` for `sub_tag(3)`; the topic itself when it is one of the host's own. */
export function topicWords(topic: string): string {
  const match = /^(\w+)\((\d+)\)$/.exec(topic);
  const [, name = '', target = ''] = match ?? [];
  return Object.hasOwn(events, name) ? (events[name]?.(target) ?? topic) : topic;
}

const choices: Readonly<Record<string, string>> = {
  object_create: 'A record is created',
  object_submits_form: 'A form is submitted',
  sub_tag: 'A tag is added',
  unsub_tag: 'A tag is removed',
};

/** What an event is called where one is chosen. */
export function eventWords(name: string): string {
  const words = Object.hasOwn(choices, name) ? choices[name] : undefined;
  return words === undefined ? name : `${words} (${name})`;
}

/** Where a URL leads, as short as it can be told: its host and the end of its path. */
export function shortUrl(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

/** Deliveries that the server counts of one subscription. */
const mostCounted = 10_000;

/** How many deliveries wait: `12`, or `10,000+` where more may wait than were counted. */
export function waitingInWords(backlog: readonly { readonly waiting: number }[]): string {
  const waiting = backlog.reduce((sum, one) => sum + one.waiting, 0);
  return `${waiting.toLocaleString('en')}${backlog.some((one) => one.waiting >= mostCounted) ? '+' : ''}`;
}
