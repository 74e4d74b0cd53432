/** What came of a test: the one attempt that it makes. */
export interface TestResult {
  /** The `webhook-id` that the receiver saw; the attempt is in the log under it. */
  readonly deliveryId: string;
  readonly eventId: string;
  readonly outcome: 'delivered' | 'failed';
  /** Why it failed, in words; empty when it was delivered. */
  readonly reason: string;
  /** The status of the answer; 0 when there was none. */
  readonly status: number;
  /** The beginning of the answer's body, at most 4 KiB. */
  readonly answer: string;
  readonly durationMs: number;
}
