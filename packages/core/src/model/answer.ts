import type { TransportResult } from './transport-result.ts';
import { parseRetryAfter } from './retry.ts';

/** What an HTTP receiver answered. */
export interface HttpAnswer {
  /** The status code as it arrived. */
  readonly status: number;
  /** The Retry-After header, if any. */
  readonly retryAfter: string | null;
  /** The beginning of the body, at most 4 KiB. */
  readonly body: string;
}

const busy = new Set([408, 425, 429, 502, 503, 504]);

/**
 * What an HTTP answer means: 2xx delivered; 410 gone for good; 408, 425, 429, 502, 503 and 504 busy; every other one,
 * redirects included, a failure. A status outside 200 to 599 is no valid answer.
 *
 * @param now milliseconds since the epoch, for a Retry-After that is a date
 */
export function readAnswer(answer: HttpAnswer, now: number): TransportResult {
  const { status, body } = answer;
  if (status >= 200 && status <= 299) return { ok: true, status, answer: body };
  const valid = Number.isInteger(status) && status >= 300 && status <= 599;
  const fault = status === 410 ? 'gone' : busy.has(status) ? 'busy' : 'endpoint';
  return {
    ok: false,
    fault,
    reason: valid ? `HTTP ${status}${status < 400 ? ' (redirects are not followed)' : ''}` : `invalid status ${status}`,
    status: valid ? status : 0,
    answer: body,
    retryAfterMs: fault === 'busy' ? parseRetryAfter(answer.retryAfter, now) : null,
    unsent: false,
  };
}
