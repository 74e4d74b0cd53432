/** One lane as this process sees it: the deliveries of one subscription that are in memory. */
export interface LaneState {
  readonly subscriptionId: number;
  readonly accountId: string;
  /** In memory and not yet sent. */
  readonly waiting: number;
  /** Requests under way to its endpoint. */
  readonly inFlight: number;
  /** How many may be under way at once, by what its endpoint has answered lately. */
  readonly limit: number;
  /** Whether its endpoint takes longer to answer than a slot is kept for, so that its requests have places of their own. */
  readonly slow: boolean;
  /** Whether its endpoint asked for time, or is suspended, so that nothing of it is sent from memory. */
  readonly paused: boolean;
}
