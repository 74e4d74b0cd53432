import type { ReplayFilterJson } from '../../src/manage/schemas-replays.ts';

/** How a delivery can have ended, as one ticks it. */
export const replayOutcomes = ['failed', 'cancelled', 'delivered'] as const;
export type ReplayOutcome = (typeof replayOutcomes)[number];

export const replayTimes = ['any', '1h', '24h', '7d', 'between'] as const;
export type ReplayTime = (typeof replayTimes)[number];

/** What of an account's deliveries is to be sent again, as it stands in the form. */
export interface ReplayChoice {
  /** Null for all subscriptions. */
  readonly subscriptionId: number | null;
  readonly outcomes: readonly ReplayOutcome[];
  /** Whether events are sent, too, that a subscription never got. */
  readonly missing: boolean;
  /** A span that ends when the form was opened, or times of its own. */
  readonly time: ReplayTime;
  /** Local times as `datetime-local` has them; empty where there is none. Only when `time` is `between`. */
  readonly from: string;
  readonly until: string;
}

const spans = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;

/** Whether it asks for anything at all. */
export function asksForSomething({ outcomes, missing }: ReplayChoice): boolean {
  return outcomes.length > 0 || missing;
}

/** Whether its times, if it has any, are in their order. */
export function isInOrder({ time, from, until }: ReplayChoice): boolean {
  return time !== 'between' || from === '' || until === '' || Date.parse(from) < Date.parse(until);
}

/** What the API is asked with: what is counted is what is sent, so spans do not move on meanwhile. */
export function replayFilter(choice: ReplayChoice, openedAt: number): ReplayFilterJson {
  const { subscriptionId, outcomes, missing, time, from, until } = choice;
  const times =
    time === 'between'
      ? { ...(from !== '' && { from: isoTime(from) }), ...(until !== '' && { until: isoTime(until) }) }
      : time === 'any'
        ? {}
        : { from: new Date(openedAt - spans[time]).toISOString() };
  return { ...(subscriptionId !== null && { subscriptionId }), outcomes: [...outcomes], missing, ...times };
}

function isoTime(local: string): string {
  return new Date(local).toISOString();
}
