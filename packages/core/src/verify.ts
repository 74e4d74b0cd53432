import { createHmac, timingSafeEqual } from 'node:crypto';
import { defaultToleranceMs, noMatch, readSignature, readSigningSecret } from './read-signature.ts';
import type { SignatureHeaders, SignatureProblem } from './read-signature.ts';

/** A request as it arrived, and what it can be checked with. */
export interface SignedRequest {
  /** All headers of the request, by their names in any case. */
  readonly headers: SignatureHeaders;
  /** The body exactly as it arrived: what a parser has made of it has other bytes. */
  readonly body: string | Uint8Array;
  /** The secret, or several while one replaces another: one that matches is enough. */
  readonly secrets: string | readonly string[];
  /** The clock, in milliseconds since the epoch; `Date.now` by default. */
  readonly now?: () => number;
  /** How far the time of the signature may be from now, in milliseconds; 5 minutes by default. */
  readonly toleranceMs?: number;
}

/** A request that was signed with one of the secrets, just now. */
export interface VerifiedSignature {
  readonly ok: true;
  /** The id of the delivery: the same when it comes again. */
  readonly id: string;
  /** When it was signed, in seconds since the epoch. */
  readonly timestamp: number;
}

/**
 * Tells whether a request was signed with one of the secrets, as Standard Webhooks 1.0 has it, and not long ago. Never
 * throws for what a request holds. Signatures are compared in constant time.
 *
 * It cannot tell whether a request came before, which the id does.
 *
 * @example
 * const checked = verifySignature({ headers: request.headers, body: rawBody, secrets: process.env.WEBHOOK_SECRET })
 * if (!checked.ok) return respond(401, checked.reason)
 */
export function verifySignature(request: SignedRequest): VerifiedSignature | SignatureProblem {
  const { headers, body, now = Date.now, toleranceMs = defaultToleranceMs } = request;
  const read = readSignature(headers, { now: now(), toleranceMs });
  if (!read.ok) return read;
  const { id, timestamp, signatures } = read;
  const secrets = typeof request.secrets === 'string' ? [request.secrets] : request.secrets;
  const keys = secrets.map(readSigningSecret).filter((key) => key !== null);
  // Every pair is compared, whichever matches, so that the time it takes says nothing.
  let matches = 0;
  for (const key of keys) {
    const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.`).update(body);
    const right = Buffer.from(hmac.digest('base64'));
    for (const signature of signatures) {
      const given = Buffer.from(signature);
      if (given.length === right.length && timingSafeEqual(given, right)) matches += 1;
    }
  }
  return matches > 0 ? { ok: true, id, timestamp } : noMatch(secrets.length, secrets.length - keys.length);
}

export type { SignatureHeaders, SignatureProblem } from './read-signature.ts';
