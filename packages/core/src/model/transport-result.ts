/**
 * Whose fault a failure is, which decides what follows.
 * - `endpoint`: it answered badly or not at all; retried on the schedule and held against its health.
 * - `busy`: it asked for time (429, 503, …); the whole lane pauses.
 * - `gone`: it said that it will never take another (410); the subscription ends.
 * - `policy`: our own rules forbid the address; tried twice more, then failed.
 * - `local`: our own trouble (no sockets, no resolver); retried soon, and held against nobody.
 */
export type Fault = 'endpoint' | 'busy' | 'gone' | 'policy' | 'local';

/** What came of an attempt. A failure is a value, not an exception. */
export type TransportResult =
  | {
      readonly ok: true;
      /** The answer's status; 0 where the transport has none. */
      readonly status: number;
      /** The beginning of the answer's body, at most 4 KiB. */
      readonly answer: string;
    }
  | {
      readonly ok: false;
      readonly fault: Fault;
      /** In words, for the log and for the subscriber: `HTTP 503`, `no answer within 15000 ms`. */
      readonly reason: string;
      /** The answer's status; 0 when there was none. */
      readonly status: number;
      readonly answer: string;
      /** How long the receiver asked to be left alone, in milliseconds from now; null when it did not say. */
      readonly retryAfterMs: number | null;
      /** Whether nothing can have reached the receiver's application, so that one more try at once does no harm. */
      readonly unsent: boolean;
    };
