import type { OutcomeKind } from './outcome.ts';

/** How a delivery can have ended. */
export type FinalOutcome = Exclude<OutcomeKind, 'retry'>;

/** What is to be sent again, of one account. Times in milliseconds since the epoch. */
export interface ReplayFilter {
  /** Null for all subscriptions; those that are unsubscribed never get anything. */
  readonly subscriptionId: number | null;
  readonly topic: string | null;
  /** The record that the event is about; null for all. */
  readonly record: { readonly objectType: number; readonly id: string } | null;
  /** From when on, inclusively: when its last attempt began or it ended without any; for what was never sent, when its event was stored. */
  readonly from: number;
  /** Up to when, exclusively; null for all up to now. */
  readonly until: number | null;
  /** How a delivery must have ended; none of them for no finished delivery at all. */
  readonly outcomes: readonly FinalOutcome[];
  /** Whether stored events are sent, too, that a subscription to their topic has no delivery and no line of the log of. */
  readonly missing: boolean;
}

/** How far a replay is. It looks at finished deliveries, then at what is missing, and then at nothing any more. */
export interface ReplayPlace {
  readonly looksAt: 'finished' | 'missing' | 'nothing';
  /** Behind which row it goes on, as the storage names it; empty to begin. */
  readonly after: string;
}

/** What can become of a replay. */
export type ReplayState = 'running' | 'done' | 'cancelled' | 'failed';

/** How many rows and deliveries a replay has come to. */
export interface ReplayCounts {
  /** Deliveries that were to be sent again, or for the first time. */
  readonly matched: number;
  /** How many of them were made due. The others were unfinished, or what they need was gone. */
  readonly queued: number;
  /** How many of these are unfinished, as far as it has looked. */
  readonly waiting: number;
  readonly delivered: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** A job that sends what an account asks for again, step by step. */
export interface Replay extends ReplayCounts, ReplayPlace {
  readonly id: string;
  readonly accountId: string;
  readonly filter: ReplayFilter;
  /** At most how many deliveries it makes due in a second. */
  readonly pacePerSecond: number;
  readonly state: ReplayState;
  /** Why it was cancelled or has failed; else empty. */
  readonly reason: string;
  readonly createdAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  /** When one of its counts last changed. */
  readonly changedAt: number;
  /** The newest line that the log had when it was made: beyond, there is nothing to be sent again. */
  readonly lastLine: number;
  /** How many steps were made. */
  readonly steps: number;
}

/** A replay that is to be made. */
export type NewReplay = Pick<Replay, 'id' | 'accountId' | 'filter' | 'pacePerSecond'>;

/** A replay whose next step is this caller's, until the lease runs out or it is made. */
export interface ReplayClaim {
  readonly replay: Replay;
  readonly fence: string;
  /** How many of its unfinished deliveries have not failed since it made them due: they are still ahead of others. */
  readonly unsent: number;
}

/** Which replays a process would like to take a step further. */
export interface ReplayClaimRequest {
  readonly fence: string;
  readonly leaseMs: number;
  /** At most how many. */
  readonly limit: number;
}

/** Replays leased to this process for a step, and when the next one of the others is due. */
export interface ReplayClaims {
  readonly claims: readonly ReplayClaim[];
  /** In how many milliseconds there may be more to claim (0: now); null when no other replay runs. */
  readonly nextInMs: number | null;
  /** The storage's time, in milliseconds since the epoch. */
  readonly now: number;
}

/** One step of a replay. */
export interface ReplayStep {
  readonly id: string;
  readonly fence: string;
  /** `steps` of the replay as it was claimed. */
  readonly steps: number;
  /** Where it goes on. */
  readonly place: ReplayPlace;
  /** Finished deliveries to be made due again, under their ids and with their schedules begun anew. */
  readonly again: readonly string[];
  /** Deliveries to be stored and due at once. */
  readonly anew: readonly { readonly id: string; readonly subscriptionId: number; readonly eventId: string }[];
  /** In how many milliseconds the next step may be made. */
  readonly waitMs: number;
  /** That this was the last one; null when it goes on. */
  readonly end: { readonly state: 'done' | 'failed'; readonly reason: string } | null;
}

/** Where to look for what a replay is for, and how far. */
export interface ReplaySearch {
  readonly looksAt: 'finished' | 'missing';
  readonly filter: Omit<ReplayFilter, 'record' | 'missing'>;
  /** The newest line of the log that counts; null for all. */
  readonly lastLine: number | null;
  readonly after: string;
  /** At most how many rows to look at, and to answer. */
  readonly limit: number;
}

/** What would be sent. */
export interface ReplayRow {
  /** The delivery that is finished; null for what was never sent. */
  readonly deliveryId: string | null;
  readonly subscriptionId: number;
  readonly eventId: string;
  readonly topic: string;
  /** The place behind it, from which a search can go on. */
  readonly after: string;
}

/** What a search has found so far, and where it goes on; null when nothing is left to look at. */
export interface ReplayPage {
  readonly rows: readonly ReplayRow[];
  readonly after: string | null;
}

/** The columns of replays that a query may name, and what they hold. */
export const replayFields = {
  id: 'string',
  state: 'string',
  createdAt: 'number',
} as const;
