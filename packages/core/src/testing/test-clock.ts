/** A clock that stands still until it is moved. */
export interface TestClock {
  /** Milliseconds since the epoch: for the option `now`, and for what starts a storage or a transport. */
  readonly now: () => number;
  /** Milliseconds since some moment, moved together with `now`: for the option `monotonicNow`. */
  readonly monotonicNow: () => number;
  /** Lets so many milliseconds pass. */
  readonly move: (ms: number) => void;
}

/** Makes a clock for tests, at noon of 15 January 2026 (UTC) unless told otherwise. */
export function testClock(startAt: number = Date.UTC(2026, 0, 15, 12)): TestClock {
  let moved = 0;
  return {
    now: () => startAt + moved,
    monotonicNow: () => 1_000 + moved,
    move(ms) {
      moved += ms;
    },
  };
}
