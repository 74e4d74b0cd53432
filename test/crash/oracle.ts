import { orderOf, pathsOf, placeOf, recordKey, type Arrival, type Evidence, type Fault, type SignedNote } from './evidence.ts';

/** What must not happen. */
export type ViolationKind = 'lost' | 'phantom' | 'unexplained' | 'disordered' | 'stuck';

/** Something that must not have happened, with what shows it. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
  /** When it came about, to tell which faults were around. */
  readonly at: number;
}

/** A delivery that came again, and the fault that explains it. */
export interface Duplicate {
  readonly delivery: string;
  readonly at: number;
  readonly because: string;
}

/** What the oracle says of a run. */
export interface Verdict {
  readonly acked: number;
  readonly undone: number;
  readonly delivered: number;
  readonly duplicates: readonly Duplicate[];
  readonly violations: readonly Violation[];
}

/** What the clocks of processes and of the database may differ by, and how long what follows a fault may take, in milliseconds. */
const slackMs = { clocks: 50, aftermath: 500 };

type Fated = Extract<SignedNote, { note: 'fate' }>;
type Failed = Extract<SignedNote, { note: 'failed' }>;

/**
 * Judges a run: what was acknowledged must have been delivered, what was rolled back must not, nothing may arrive that is
 * not in the database, a second arrival needs a fault that befell the holder of the first one, what keeps an order must arrive for
 * the first time in that order, and nothing may be left.
 */
export function judge(evidence: Evidence): Verdict {
  const fates = evidence.notes.filter((note): note is Fated => note.note === 'fate');
  const byPath = new Map<string, Arrival[]>();
  for (const arrival of evidence.arrivals) push(byPath, `${arrival.path} ${arrival.record}`, arrival);
  const { duplicates, unexplained } = judgeDuplicates(evidence);
  return {
    acked: fates.filter(({ fate }) => fate === 'acked').length,
    undone: fates.filter(({ fate }) => fate === 'undone').length,
    delivered: new Set(evidence.arrivals.filter(({ status }) => status === 200).map(({ delivery }) => delivery)).size,
    duplicates,
    violations: [
      ...findLost(evidence, fates, byPath),
      ...findPhantoms(evidence, fates, byPath),
      ...unexplained,
      ...findLateSends(evidence),
      ...findDisorder(fates, byPath),
      ...evidence.endedTwice.map((delivery) => violation('unexplained', `delivery ${delivery} was ended twice in the log`, 0)),
      ...evidence.unfinished.map((delivery) => violation('stuck', `delivery ${delivery} is still in the queue`, 0)),
    ],
  };
}

function findLost({ committed }: Evidence, fates: readonly Fated[], byPath: ReadonlyMap<string, readonly Arrival[]>) {
  const violations: Violation[] = [];
  const hasArrived = (path: string, record: number): boolean =>
    byPath.get(`${path} ${record}`)?.some(({ status }) => status === 200) ?? false;
  for (const { fate, record, within, place, at } of fates) {
    const isCommitted = committed.has(recordKey(place, record));
    if (fate === 'acked' && within && !isCommitted) {
      violations.push(violation('lost', `record ${record} of ${place} was acknowledged and is not in the table`, at));
      continue;
    }
    if (fate !== 'acked' && !(fate === 'unknown' && isCommitted)) continue;
    for (const path of pathsOf(place, record)) {
      if (!hasArrived(path, record))
        violations.push(violation('lost', `record ${record} of ${place} (${fate}) never arrived at ${path}`, at));
    }
  }
  // Whoever was killed right after its commit has left no note; the row says that the event must go out, too.
  const noted = new Set(fates.map(({ place, record }) => recordKey(place, record)));
  for (const key of committed) {
    if (noted.has(key)) continue;
    const [place = '', number = ''] = key.split(' ');
    const record = Number(number);
    for (const path of pathsOf(place, record)) {
      if (!hasArrived(path, record))
        violations.push(violation('lost', `record ${record} of ${place} is committed and never arrived at ${path}`, 0));
    }
  }
  return violations;
}

function findPhantoms(
  { arrivals, committed, stored }: Evidence,
  fates: readonly Fated[],
  byPath: ReadonlyMap<string, readonly Arrival[]>,
): Violation[] {
  const violations: Violation[] = [];
  const noted = new Map(fates.map((fated) => [recordKey(fated.place, fated.record), fated]));
  for (const [about, group] of byPath) {
    const { path, record, at } = group[0] as Arrival;
    const place = placeOf(path);
    const key = recordKey(place, record);
    const fated = noted.get(key);
    const ids = new Set(group.map(({ delivery }) => delivery));
    if (ids.size > 1) violations.push(violation('phantom', `${about} arrived as ${[...ids].join(' and ')}`, at));
    if (!pathsOf(place, record).includes(path))
      violations.push(violation('phantom', `${about} arrived, and nobody there had subscribed to it`, at));
    if (fated?.fate === 'undone') violations.push(violation('phantom', `${about} arrived, and was rolled back or refused`, at));
    else if (isWithin(record) && !committed.has(key))
      violations.push(violation('phantom', `${about} arrived, and its record is not in the table`, at));
  }
  const unstored = new Map(
    arrivals.filter(({ delivery }) => !stored.has(delivery)).map((arrival) => [arrival.delivery, arrival]),
  );
  for (const [delivery, { path, record, at }] of unstored)
    violations.push(violation('phantom', `${path} ${record} arrived as ${delivery}, which was not in the database`, at));
  return violations;
}

/** Whether a record's event was emitted in the transaction that wrote the record: told by its number, noted or not. */
export const isWithin = (record: number): boolean => record % 10 < 6;

function judgeDuplicates(evidence: Evidence) {
  const failures = new Map<string, Failed>();
  for (const note of evidence.notes)
    if (note.note === 'failed') failures.set(attemptKey(note.delivery, note.holder, note.claimedFrom), note);
  const byDelivery = new Map<string, Arrival[]>();
  for (const arrival of evidence.arrivals) push(byDelivery, arrival.delivery, arrival);
  const duplicates: Duplicate[] = [];
  const unexplained: Violation[] = [];
  for (const [delivery, arrivals] of byDelivery) {
    if (arrivals.length < 2) continue;
    // In the order of their claims: what a paused process sends when it goes on may arrive after what was claimed later.
    const inOrder = arrivals.toSorted((a, b) => a.claimedTo - b.claimedTo || a.sentAt - b.sentAt);
    for (const [index, again] of inOrder.entries()) {
      const first = inOrder[index - 1];
      if (!first || first.status !== 200) continue;
      const failed = failures.get(attemptKey(delivery, first.holder, first.claimedFrom));
      const { because, problem } = explain(first, again, failed, evidence);
      duplicates.push({ delivery, at: again.at, because: because ?? 'nothing' });
      if (problem === undefined) continue;
      const text = `${again.path} ${again.record} arrived again as ${delivery}: ${problem}\n  ${described(first)}\n  ${described(again)}`;
      unexplained.push(violation('unexplained', text, first.at));
    }
  }
  return { duplicates, unexplained };
}

interface Explanation {
  readonly because?: string;
  readonly problem?: string;
}

function explain(first: Arrival, again: Arrival, failed: Failed | undefined, evidence: Evidence): Explanation {
  const { leaseMs, deadlineMs, faults, notes } = evidence;
  if (failed) {
    if (failed.at - failed.from >= deadlineMs * 0.5) return { because: 'no answer in time' };
    return { problem: `its sender says that the attempt failed (${failed.reason}), and the receiver that it did not` };
  }
  const leaseEndsAt = first.claimedFrom + leaseMs;
  if (first.holder === again.holder && first.claimedFrom === again.claimedFrom)
    return { problem: 'it was sent twice in one claim' };
  if (again.claimedTo + slackMs.clocks < leaseEndsAt)
    return {
      problem: `it was claimed ${Math.round(leaseEndsAt - again.claimedTo)} ms before the lease of the first had run out`,
    };
  const latest = first.claimedTo + leaseMs + slackMs.clocks;
  const covers = ({ holder, from, to }: Pick<Fault, 'holder' | 'from' | 'to'>): boolean =>
    (holder === null || holder === first.holder) && from <= latest && to + slackMs.aftermath >= first.sentAt;
  const fault = faults.find(covers);
  if (fault) return { because: fault.kind };
  const stalled = notes.some((note) => note.note === 'stalled' && covers({ holder: note.holder, from: note.from, to: note.at }));
  if (stalled) return { because: 'stalled' };
  return { problem: `nothing befell ${first.holder} between its attempt and the end of its lease` };
}

/**
 * What was sent though an earlier one of its order had not arrived: earlier is what was acknowledged before the emit of the other
 * was called, by whatever process. One that arrives again is no matter.
 */
function findDisorder(fates: readonly Fated[], byPath: ReadonlyMap<string, readonly Arrival[]>): Violation[] {
  interface Ordered {
    readonly fated: Fated;
    readonly about: string;
    readonly tried: number;
    readonly arrived: number;
  }
  const orders = new Map<string, Ordered[]>();
  for (const fated of fates) {
    for (const path of pathsOf(fated.place, fated.record)) {
      const order = orderOf(path, fated.record);
      const about = `${path} ${fated.record}`;
      const arrivals = byPath.get(about) ?? [];
      const tried = Math.min(...arrivals.map(({ at }) => at));
      const arrived = Math.min(...arrivals.filter(({ status }) => status === 200).map(({ at }) => at));
      if (order !== null) push(orders, order, { fated, about, tried, arrived });
    }
  }
  const violations: Violation[] = [];
  for (const all of orders.values()) {
    const acked = all.filter(({ fated }) => fated.fate === 'acked').toSorted((a, b) => a.fated.at - b.fated.at);
    let next = 0;
    let last: Ordered | undefined;
    for (const later of all.toSorted((a, b) => a.fated.from - b.fated.from)) {
      for (; next < acked.length && (acked[next] as Ordered).fated.at < later.fated.from; next += 1) {
        const earlier = acked[next] as Ordered;
        if (!last || earlier.arrived > last.arrived) last = earlier;
      }
      if (last && later.tried < last.arrived)
        violations.push(violation('disordered', `${later.about} was sent before ${last.about} had arrived`, later.tried));
    }
  }
  return violations;
}

/** Claims of what had a final outcome by then, and outcomes that were written under a lease that somebody else had by then. */
function findLateSends({ arrivals, notes }: Evidence): Violation[] {
  const byDelivery = new Map<string, Arrival[]>();
  for (const arrival of arrivals) push(byDelivery, arrival.delivery, arrival);
  const violations: Violation[] = [];
  for (const note of notes) {
    if (note.note !== 'recorded') continue;
    for (const { delivery, claimedFrom, claimedTo, final } of note.outcomes) {
      for (const arrival of byDelivery.get(delivery) ?? []) {
        if (arrival.holder === note.holder && arrival.claimedFrom === claimedFrom) continue;
        if (final && arrival.claimedFrom > note.at)
          violations.push(
            violation(
              'unexplained',
              `${delivery} was claimed again after its end was recorded\n  ${described(arrival)}`,
              arrival.at,
            ),
          );
        if (arrival.claimedFrom > claimedTo && arrival.claimedTo < note.from)
          violations.push(
            violation(
              'unexplained',
              `an outcome of ${delivery} was written by ${note.holder}, which had lost it to ${arrival.holder}\n  ${described(arrival)}`,
              arrival.at,
            ),
          );
      }
    }
  }
  return violations;
}

const violation = (kind: ViolationKind, text: string, at: number): Violation => ({ kind, text, at });

const attemptKey = (delivery: string, holder: string, claimedFrom: number): string => `${delivery} ${holder} ${claimedFrom}`;

const described = ({ holder, claimedFrom, claimedTo, sentAt, at, status }: Arrival): string =>
  `by ${holder}: claimed ${Math.round(claimedFrom)} to ${Math.round(claimedTo)}, sent ${Math.round(sentAt)}, arrived ${Math.round(at)}, answered ${status}`;

function push<Value>(groups: Map<string, Value[]>, key: string, value: Value): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
