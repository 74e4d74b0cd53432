import type { Attempt } from '@hookwell/core';
import { Groups } from './groups.ts';
import { SortedSet } from './sorted-set.ts';

/** A line, as far as its age goes. */
type Age = Pick<Attempt, 'outcome' | 'startedAt' | 'id'>;

function orderAges(a: Age, b: Age): number {
  return kindOf(a) - kindOf(b) || a.startedAt - b.startedAt || a.id - b.id;
}

/** Lines of what was delivered are kept for another time than all others. */
function kindOf({ outcome }: Pick<Age, 'outcome'>): number {
  return outcome === 'delivered' ? 0 : 1;
}

/** The log, by account and by age. */
export class AttemptLog {
  readonly #byAccount = new Groups<number, Attempt>();
  readonly #byAge = new SortedSet<Age>(orderAges);
  #lastId = 0;

  /** The lines of an account, oldest first. */
  ofAccount(accountId: string): Iterable<Attempt> {
    return this.#byAccount.of(accountId).values();
  }

  /** The id of an account's newest line; 0 without any. */
  lastIdOf(accountId: string): number {
    let last = 0;
    for (const { id } of this.ofAccount(accountId)) last = id;
    return last;
  }

  add(line: Omit<Attempt, 'id'>): void {
    this.#lastId += 1;
    const attempt = { id: this.#lastId, ...line };
    this.#byAccount.set(attempt.accountId, attempt.id, attempt);
    this.#byAge.add(attempt);
  }

  delete(attempt: Attempt): void {
    this.#byAccount.delete(attempt.accountId, attempt.id);
    this.#byAge.delete(attempt);
  }

  /** The oldest lines, of what was delivered or of all else, that began before, but for those of some accounts. */
  olderThan(outcome: 'delivered' | 'failed', before: number, limit: number, spared: ReadonlySet<string>): Attempt[] {
    const found: Attempt[] = [];
    for (const line of this.#byAge.from({ outcome, startedAt: Number.NEGATIVE_INFINITY, id: 0 })) {
      if (found.length >= limit || line.startedAt >= before || kindOf(line) !== kindOf({ outcome })) break;
      if (!spared.has((line as Attempt).accountId)) found.push(line as Attempt);
    }
    return found;
  }

  /** The oldest lines of an account that began before. */
  ofAccountBefore(accountId: string, before: { readonly delivered: number; readonly others: number }, limit: number): Attempt[] {
    const found: Attempt[] = [];
    for (const line of this.ofAccount(accountId)) {
      // What comes after the first young one waits with it.
      if (found.length >= limit || line.startedAt >= Math.max(before.delivered, before.others)) break;
      if (line.startedAt < (line.outcome === 'delivered' ? before.delivered : before.others)) found.push(line);
    }
    return found;
  }

  /** Empties the answers of lines that began before; answers of how many. */
  emptyAnswers(before: number, limit: number): number {
    let emptied = 0;
    for (const outcome of ['delivered', 'failed'] as const) {
      for (const age of this.#byAge.from({ outcome, startedAt: Number.NEGATIVE_INFINITY, id: 0 })) {
        if (emptied === limit || age.startedAt >= before || kindOf(age) !== kindOf({ outcome })) break;
        const line = age as { -readonly [Field in keyof Attempt]: Attempt[Field] };
        if (line.answer === '') continue;
        line.answer = '';
        emptied += 1;
      }
    }
    return emptied;
  }

  /** The oldest lines of accounts that have more than they may keep, but for some of these. */
  beyond(keepOf: (accountId: string) => number, limit: number, spared: ReadonlySet<string>): Attempt[] {
    const found: Attempt[] = [];
    for (const [accountId, lines] of this.#byAccount.all()) {
      let excess = Math.min(lines.size - keepOf(accountId), limit - found.length);
      if (excess <= 0 || spared.has(accountId)) continue;
      for (const line of lines.values()) {
        found.push(line);
        excess -= 1;
        if (excess === 0) break;
      }
    }
    return found;
  }
}
