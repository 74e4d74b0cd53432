import { randomBytes } from 'node:crypto';
import { plainAnswer, type Arrival, type ArrivedBody, type Bin, type BinAnswer, type BinNotice } from './bin.ts';
import type { BinBounds } from './bins-options.ts';

/** A request before it has its place in a bin. */
export type NewArrival = Omit<Arrival, 'number' | 'keptAt' | 'order' | 'attempt' | 'answered' | 'weight'>;

/** Bins in the memory of this process, within their bounds: no account can push out what another one keeps. */
export interface BinStore {
  /** Makes a bin; null when there are too many of other accounts. */
  readonly make: (accountId: string) => Bin | null;
  /** The bins of an account, newest first. */
  readonly of: (accountId: string) => readonly Bin[];
  readonly find: (id: string) => Bin | null;
  /** Keeps a request, chooses its answer, and tells those who look. Null when the bin has gone meanwhile. */
  readonly keep: (bin: Bin, arrival: NewArrival) => { readonly arrival: Arrival; readonly answer: BinAnswer } | null;
  readonly choose: (bin: Bin, answer: BinAnswer) => void;
  readonly clear: (bin: Bin) => void;
  readonly remove: (bin: Bin) => void;
}

interface Clocks {
  readonly now: () => number;
  readonly monotonicNow: () => number;
}

/** What an arrival takes beside its texts and bytes, roughly. */
const bareWeight = 1_024;
const sweepEveryMs = 60_000;

/** Makes an empty store. */
export function binStore(bounds: BinBounds, { now, monotonicNow }: Clocks): BinStore {
  /** Oldest first, as maps keep their order. */
  const bins = new Map<string, Bin>();
  const weights = new Map<string, number>();
  let total = 0;
  let kept = 0;
  let sweptAt = monotonicNow();

  const weigh = (accountId: string, change: number): void => {
    total += change;
    const weight = (weights.get(accountId) ?? 0) + change;
    if (weight === 0) weights.delete(accountId);
    else weights.set(accountId, weight);
  };

  function drop(bin: Bin, count: number): void {
    for (const { weight } of bin.arrivals.splice(0, count)) weigh(bin.accountId, -weight);
  }

  function remove(bin: Bin): void {
    if (!bins.delete(bin.id)) return;
    drop(bin, bin.arrivals.length);
    tell(bin, { kind: 'gone' });
    bin.watchers.clear();
  }

  /** Forgets what is too old; answers whether the bin is still there. */
  function tend(bin: Bin): boolean {
    const before = monotonicNow() - bounds.ageMs;
    const young = bin.arrivals.findIndex(({ keptAt }) => keptAt > before);
    drop(bin, young < 0 ? bin.arrivals.length : young);
    if (bin.usedAt > before || bin.watchers.size > 0) return true;
    remove(bin);
    return false;
  }

  function sweep(): void {
    if (monotonicNow() - sweptAt < sweepEveryMs) return;
    sweptAt = monotonicNow();
    for (const bin of bins.values()) tend(bin);
  }

  const ownBins = (accountId: string): Bin[] => [...bins.values()].filter((bin) => bin.accountId === accountId && tend(bin));

  /** Makes room by letting the account's oldest go; answers whether that was enough. */
  function makeRoom(accountId: string, weight: number): boolean {
    const fits = (): boolean =>
      (weights.get(accountId) ?? 0) + weight <= bounds.bytesPerAccount && total + weight <= bounds.bytesInAll;
    if (fits()) return true;
    const own = ownBins(accountId);
    while (!fits()) {
      const oldest = own.reduce<Bin | null>((found, bin) => (orderOf(bin) < orderOf(found) ? bin : found), null);
      if (!oldest) return false;
      drop(oldest, 1);
    }
    return true;
  }

  return {
    make(accountId) {
      sweep();
      const own = ownBins(accountId);
      if (bins.size >= bounds.inAll && own.length === 0) return null;
      if (own[0] && (own.length >= bounds.perAccount || bins.size >= bounds.inAll)) remove(own[0]);
      const bin: Bin = {
        id: randomBytes(16).toString('hex'),
        accountId,
        createdAt: now(),
        usedAt: monotonicNow(),
        answer: plainAnswer,
        answeredSince: 0,
        arrivals: [],
        nextNumber: 1,
        watchers: new Set(),
      };
      bins.set(bin.id, bin);
      return bin;
    },

    of: (accountId) => ownBins(accountId).toReversed(),

    find(id) {
      sweep();
      const bin = bins.get(id);
      return bin && tend(bin) ? bin : null;
    },

    keep(bin, given) {
      if (bins.get(bin.id) !== bin) return null;
      bin.usedAt = monotonicNow();
      const { answer: chosen, answeredSince } = bin;
      const answer = chosen.times === null || answeredSince < chosen.times ? chosen : plainAnswer;
      bin.answeredSince += 1;

      const before =
        given.webhookId === null ? undefined : bin.arrivals.findLast(({ webhookId }) => webhookId === given.webhookId);
      drop(bin, bin.arrivals.length - bounds.requestsPerBin + 1);
      let { body } = given;
      let weight = weightOf(given, body);
      if (!makeRoom(bin.accountId, weight)) {
        body = {
          ...body,
          bytes: null,
          parsed: null,
          whole: false,
          notes: [...body.notes, 'There was no room to keep the body.'],
        };
        weight = weightOf(given, body);
      }
      const arrival: Arrival = {
        ...given,
        body,
        weight,
        number: bin.nextNumber++,
        keptAt: bin.usedAt,
        order: kept++,
        attempt: (before?.attempt ?? 0) + 1,
        answered: { status: answer.status, delayMs: answer.delayMs },
      };
      // Even without its body it may be too much, which the bare count still bounds.
      if (makeRoom(bin.accountId, weight)) {
        bin.arrivals.push(arrival);
        weigh(bin.accountId, weight);
      }
      tell(bin, { kind: 'arrival', arrival });
      return { arrival, answer };
    },

    choose(bin, answer) {
      bin.answer = answer;
      bin.answeredSince = 0;
      bin.usedAt = monotonicNow();
      tell(bin, { kind: 'changed' });
    },

    clear(bin) {
      drop(bin, bin.arrivals.length);
      tell(bin, { kind: 'changed' });
    },

    remove,
  };
}

/** The place of a bin's oldest request among those of all bins. */
function orderOf(bin: Bin | null): number {
  return bin?.arrivals[0]?.order ?? Number.POSITIVE_INFINITY;
}

function tell(bin: Bin, notice: BinNotice): void {
  for (const watcher of bin.watchers) watcher(notice);
}

function weightOf({ headers, path, query }: NewArrival, { bytes, parsed }: ArrivedBody): number {
  const texts = headers.reduce((sum, [name, value]) => sum + name.length + value.length, path.length + query.length);
  return bareWeight + texts + (bytes?.length ?? 0) + 2 * (parsed?.length ?? 0);
}
