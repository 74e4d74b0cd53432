import { stillLooks, type Replay } from '@hookwell/core';

import { orderTexts } from './sorted-set.ts';

/** A replay, and what only the storage keeps of it. */
export interface ReplayRow {
  readonly replay: Replay;
  /** Whose its next step is, or was when the last one was made; empty before any. */
  readonly fence: string;
  /** From when its next step may be claimed; while it is leased, when the lease ends. */
  readonly dueAt: number;
  /** Its deliveries that are unfinished, as far as it is known. */
  readonly unfinished: readonly string[];
}

/** The replays, those that ended included until they are forgotten. A changed one is a new object. */
export class ReplayRows {
  readonly #byId = new Map<string, ReplayRow>();

  get(id: string): ReplayRow | undefined {
    return this.#byId.get(id);
  }

  *ofAccount(accountId: string): Generator<Replay> {
    for (const { replay } of this.#byId.values()) if (replay.accountId === accountId) yield replay;
  }

  replace(row: ReplayRow): void {
    this.#byId.set(row.replay.id, row);
  }

  /** Those that run, the one whose step is due first at the head. */
  running(): ReplayRow[] {
    const running = [...this.#byId.values()].filter(({ replay }) => replay.state === 'running');
    return running.toSorted((a, b) => a.dueAt - b.dueAt || orderTexts(a.replay.id, b.replay.id));
  }

  /** The accounts of which nothing is forgotten, because a replay may still need it. */
  lookingAt(): ReadonlySet<string> {
    const looking = [...this.#byId.values()].filter(({ replay }) => stillLooks(replay));
    return new Set(looking.map(({ replay }) => replay.accountId));
  }

  forgetEnded(before: (accountId: string) => number): void {
    for (const [id, { replay }] of this.#byId) {
      if (replay.endedAt !== null && replay.endedAt < before(replay.accountId)) this.#byId.delete(id);
    }
  }
}
