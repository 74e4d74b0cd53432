/** How many requests are taken, in any stretch of time of that length. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** What a key has left after it was asked for one request more. */
export interface Budget {
  /** Whether the request was counted: false when the window was full. */
  readonly counted: boolean;
  /** How many more there is room for right now. */
  readonly remaining: number;
  /** In how many milliseconds there is room for one more than that: when the oldest counted request leaves the window. */
  readonly resetMs: number;
}

/**
 * Where requests are counted: the port through which processes can share one limit. Without one each process counts its
 * own. The window rolls: it is not a calendar minute, in which a client could make twice as many around its end.
 */
export interface RateLimitStore {
  /**
   * Counts one request of that key, unless as many as the limit allows were counted in the window that ends now. What is
   * not counted makes no later request wait, so that a client that waits for `resetMs` is let in.
   */
  readonly take: (key: string, limit: RateLimit) => Budget | Promise<Budget>;

  /** Takes the newest counted request of that key back; does nothing when there is none. */
  readonly giveBack: (key: string) => void | Promise<void>;
}

/** Every member of the port, for checks at run time. */
export const rateLimitStoreMembers = ['take', 'giveBack'] as const satisfies readonly (keyof RateLimitStore)[];
