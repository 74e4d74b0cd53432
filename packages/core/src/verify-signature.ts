import { createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { defaultToleranceMs, noMatch, readPublicKey, readSignature, readSigningSecret } from './read-signature.ts';
import type { SignatureHeaders, SignatureProblem } from './read-signature.ts';

/** A request as it arrived, and what it can be checked with. */
export interface SignedRequest {
  /** All headers of the request, by their names in any case. */
  readonly headers: SignatureHeaders;
  /** The body exactly as it arrived: what a parser has made of it has other bytes. */
  readonly body: string | Uint8Array;
  /**
   * The secret (`whsec_…`) or the sender's public key (`whpk_…`), or several while one replaces another: one that matches is
   * enough.
   */
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
 * Tells whether a request was signed with one of the secrets, or by the owner of one of the public keys, as Standard Webhooks
 * 1.0 has it, and not long ago. Never throws for what a request holds. Signatures are compared in constant time.
 *
 * It cannot tell whether a request came before: `verifyOnce` can.
 *
 * @example
 * const checked = verifySignature({ headers: request.headers, body: rawBody, secrets: process.env.WEBHOOK_SECRET })
 * if (!checked.ok) return respond(401, checked.reason)
 */
export function verifySignature(request: SignedRequest): VerifiedSignature | SignatureProblem {
  const { headers, body, now = Date.now, toleranceMs = defaultToleranceMs } = request;
  const secrets = typeof request.secrets === 'string' ? [request.secrets] : request.secrets;
  const publicKeys = secrets.map(publicKeyOf).filter((key) => key !== null);
  const keys = secrets.filter((secret) => !secret.trim().startsWith('whpk_')).map(readSigningSecret);
  const usable = keys.filter((key) => key !== null);
  const versions =
    publicKeys.length === 0 ? (['v1'] as const) : keys.length === 0 ? (['v1a'] as const) : (['v1', 'v1a'] as const);
  const read = readSignature(headers, { now: now(), toleranceMs, versions });
  if (!read.ok) return read;
  const { id, timestamp, signatures, asymmetric } = read;
  // Every pair is compared, whichever matches, so that the time it takes says nothing.
  let matches = 0;
  for (const key of usable) {
    const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.`).update(body);
    const right = Buffer.from(hmac.digest('base64'));
    for (const signature of signatures) {
      const given = Buffer.from(signature);
      if (given.length === right.length && timingSafeEqual(given, right)) matches += 1;
    }
  }
  const message = publicKeys.length === 0 ? null : Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  for (const key of publicKeys) {
    for (const signature of asymmetric) {
      const given = Buffer.from(signature, 'base64');
      // Base64 has many spellings of the same bytes, of which one is right.
      if (message && given.toString('base64') === signature && verify(null, message, key, given)) matches += 1;
    }
  }
  return matches > 0 ? { ok: true, id, timestamp } : noMatch(secrets.length, secrets.length - usable.length - publicKeys.length);
}

/** Null when it is none, or cannot be one. */
function publicKeyOf(text: string): KeyObject | null {
  const encoded = readPublicKey(text);
  if (encoded === null) return null;
  const x = Buffer.from(encoded, 'base64').toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return null;
  }
}
