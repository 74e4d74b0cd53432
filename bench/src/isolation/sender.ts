import type { Endpoints } from '../traffic/endpoints.ts';

/** Endpoints of the bench, and the accounts that they belong to in turn. */
export const endpointCount = 1_000;
export const accountCount = 100;

export function accountOf(endpoint: number): number {
  return (endpoint % accountCount) + 1;
}

/** One that stores events and delivers them to endpoints, made anew for each run. */
export interface Sender {
  readonly name: string;
  /** What it is, and with which settings, for whoever reads the figures. */
  readonly what: string;
  /** Whether it is ours, so that a delivery that it loses fails the bench. */
  readonly isOurs: boolean;
  readonly start: (setup: Setup) => Promise<Sending>;
}

/** What a sender is made ready with. */
export interface Setup {
  readonly endpoints: Pick<Endpoints, 'urlOf'>;
  /** How many endpoints it sends to: those of the numbers below. */
  readonly count: number;
  /** How long one request may take, in milliseconds. */
  readonly deadlineMs: number;
  /** To be called when the first attempt for a record begins. */
  readonly onSend: (record: number) => void;
}

/** A sender at work. */
export interface Sending {
  /** Stores an event for one endpoint; resolves when it is durable. */
  readonly emit: (record: number, endpoint: number) => Promise<unknown>;
  /** What it has in memory for each endpoint that it has anything for. */
  readonly lanes: () => readonly LaneSample[];
  /** How many deliveries of each endpoint are stored and unfinished; those that have none are left out. */
  readonly unfinished: () => Promise<ReadonlyMap<number, number>>;
  /** Attempts that did not deliver and are to be made again, by endpoint. */
  readonly retried: () => ReadonlyMap<number, number>;
  /** What went wrong that nobody was told; null for nothing. */
  readonly problem: () => Error | null;
  /** Stops it, once nobody waits for an answer that does not come. */
  readonly stop: () => Promise<void>;
}

/** What is in memory for one endpoint. */
export interface LaneSample {
  readonly endpoint: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** How many may be in flight now; null where there is no limit. */
  readonly limit: number | null;
}
