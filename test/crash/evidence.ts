// What a run leaves behind: what each process wrote down while it lived, all on the machine's one monotonic clock.

/** The machine's monotonic clock, in milliseconds: the same in every process. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What a claim was, as its holder saw it: from before it asked the storage until it had the answer. */
export interface ClaimSeen {
  /** Which process holds it; each start of a victim has a name of its own. */
  readonly holder: string;
  readonly claimedFrom: number;
  readonly claimedTo: number;
}

/** A request as the receiver got it. */
export interface Arrival extends ClaimSeen {
  readonly delivery: string;
  /** Which subscription: the path of its URL, which begins with its place. */
  readonly path: string;
  readonly record: number;
  /** When the attempt began. */
  readonly sentAt: number;
  readonly at: number;
  /** What it is answered: 200, or an error on purpose, which asks for another attempt. */
  readonly status: number;
}

/**
 * What became of a host's attempt to create a record and emit its event. `acked`: the commit, or the emit, has returned.
 * `undone`: rolled back, or refused before anything was committed. `unknown`: the answer of the commit was lost.
 */
export type Fate = 'acked' | 'undone' | 'unknown';

/** What a victim writes down, a line each, before it goes on. */
export type Note =
  | {
      readonly note: 'fate';
      readonly fate: Fate;
      readonly record: number;
      readonly within: boolean;
      /** When its emit was called, and when that was known. */
      readonly from: number;
      readonly at: number;
    }
  /** Outcomes that the storage says it has written; `from` is when it was asked. */
  | { readonly note: 'recorded'; readonly from: number; readonly at: number; readonly outcomes: readonly RecordedOutcome[] }
  /** An attempt that failed, and not because the receiver said so. */
  | {
      readonly note: 'failed';
      readonly delivery: string;
      readonly claimedFrom: number;
      readonly from: number;
      readonly at: number;
      readonly reason: string;
    }
  /** A call of the storage that took long: no excuse for anything, but it helps to find out. */
  | { readonly note: 'slow'; readonly call: string; readonly from: number; readonly at: number }
  /** Its event loop stood still. */
  | { readonly note: 'stalled'; readonly from: number; readonly at: number }
  /** What the engine reported on its own account. */
  | { readonly note: 'error'; readonly at: number; readonly message: string };

/** One outcome that was written. */
export interface RecordedOutcome {
  readonly delivery: string;
  readonly claimedFrom: number;
  readonly claimedTo: number;
  readonly final: boolean;
}

/** A note, and who wrote it where. */
export type SignedNote = Note & { readonly holder: string; readonly place: string };

/** A fault that was injected. */
export interface Fault {
  readonly kind: string;
  /** Whom it befell; null for all. */
  readonly holder: string | null;
  readonly from: number;
  /** When its harm had ended; `Infinity` for a process that is dead. */
  readonly to: number;
}

/** Everything that a run left behind. */
export interface Evidence {
  readonly leaseMs: number;
  readonly deadlineMs: number;
  readonly arrivals: readonly Arrival[];
  readonly notes: readonly SignedNote[];
  readonly faults: readonly Fault[];
  /** The records that are in the host's own table, as `recordKey` names them. */
  readonly committed: ReadonlySet<string>;
  /** The deliveries of arrivals that were found in the database, in the queue or in the log. */
  readonly stored: ReadonlySet<string>;
  /** Deliveries that the log ends more than once. */
  readonly endedTwice: readonly string[];
  /** Deliveries that were still in the queue when all should have been done. */
  readonly unfinished: readonly string[];
}

/** The name of a record within a run. */
export const recordKey = (place: string, record: number): string => `${place} ${record}`;

/** The place that a subscription's path is in. */
export const placeOf = (path: string): string => path.split('/')[1] ?? '';

/** The topics that records are about, each with the subscriptions to it, by the last part of their path. */
const subscribersOf = { 'sub_tag(1)': ['a', 'b'], 'sub_tag(2)': ['c'], 'sub_tag(3)': ['d'], 'sub_tag(4)': ['e'] } as const;

/** The orders that subscriptions keep, by the last part of their path. */
const orderings: Readonly<Record<string, 'record' | 'subscription'>> = { d: 'record', e: 'subscription' };

/** CRM records that events about one are about, in turn. */
const sharedRecords = 2;

/** The topic of a record's event. */
export function topicOf(record: number): keyof typeof subscribersOf {
  if (record % 10 === 5) return 'sub_tag(3)';
  if (record % 20 === 9) return 'sub_tag(4)';
  return record % 2 === 0 ? 'sub_tag(1)' : 'sub_tag(2)';
}

/** The id of the CRM record that an event is about: its own, but for those whose order is by the record. */
export const crmRecordOf = (record: number): number =>
  topicOf(record) === 'sub_tag(3)' ? 1 + (Math.floor(record / 10) % sharedRecords) : record;

/** Among which events one is to arrive in order at a path; null where there is no order. */
export function orderOf(path: string, record: number): string | null {
  const ordering = orderings[path.split('/')[2] ?? ''];
  if (ordering === undefined) return null;
  return ordering === 'record' ? `${path} ${crmRecordOf(record)}` : path;
}

/** The paths of the subscriptions that get a record's event. */
export const pathsOf = (place: string, record: number): readonly string[] =>
  subscribersOf[topicOf(record)].map((name) => `/${place}/${name}`);

/** Every subscription of a place. */
export const subscriptionsOf = (place: string) =>
  Object.entries(subscribersOf).flatMap(([topic, names]) =>
    names.map((name) => ({
      topic: topic as keyof typeof subscribersOf,
      path: `/${place}/${name}`,
      ordering: orderings[name] ?? ('none' as const),
    })),
  );
