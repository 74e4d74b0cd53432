/** One lane as this process sees it: the deliveries of one subscription that are in memory. */
export interface LaneState {
  readonly subscriptionId: number;
  /** In memory and not yet sent. */
  readonly waiting: number;
  readonly inFlight: number;
  /** How many may be in flight at once. */
  readonly limit: number;
  /** Whether its endpoint asked for time, or is suspended, so that nothing of it is sent from memory. */
  readonly paused: boolean;
}
