import { createHmac, timingSafeEqual } from 'node:crypto';
import { defaultToleranceMs, headerOf, problem, readTime, type SignatureProblem } from './read-signature.ts';
import type { SignedRequest } from './verify-signature.ts';

/** How homemade webhooks are signed: an HMAC over the body in a header of any name. */
export interface LegacyProfile {
  /** The header that the signature is in, in any case. */
  readonly header: string;
  /** `sha256` by default. */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512';
  /** `hex` by default. */
  readonly encoding?: 'hex' | 'base64';
  /** What stands before the signature, e.g. `sha256=`; nothing by default. */
  readonly prefix?: string;
  /**
   * The header with the time, in seconds since the epoch, where the time is signed too: what is signed is then the time, a
   * dot and the body. Without it a request holds for ever, and whoever has recorded one can send it again.
   */
  readonly timestampHeader?: string;
}

/** A request as it arrived, how it should be signed, and what it can be checked with. */
export interface LegacySignedRequest extends LegacyProfile, Omit<SignedRequest, 'secrets'> {
  /** The secret as text, or several while one replaces another. */
  readonly secrets: string | readonly string[];
}

/** A request that was signed with one of the secrets. */
export interface VerifiedLegacySignature {
  readonly ok: true;
  /** When it was signed, in seconds since the epoch; null where that is not signed. */
  readonly timestamp: number | null;
}

/**
 * Tells whether a request was signed the homemade way: an HMAC over the body, in hexadecimal or base64, in a header of its
 * own. For hosts and receivers that come from such webhooks; new ones should use Standard Webhooks. Never throws for what a
 * request holds. Signatures are compared in constant time.
 *
 * @example
 * verifyLegacySignature({ headers, body, secrets, header: 'x-hub-signature-256', prefix: 'sha256=' })
 */
export function verifyLegacySignature(request: LegacySignedRequest): VerifiedLegacySignature | SignatureProblem {
  const { headers, body, header, algorithm = 'sha256', encoding = 'hex', prefix = '', timestampHeader } = request;
  const { now = Date.now, toleranceMs = defaultToleranceMs } = request;
  const given = required(headerOf(headers, header.toLowerCase()), header);
  if (typeof given !== 'string') return given;
  let timestamp: number | null = null;
  if (timestampHeader !== undefined) {
    const time = required(headerOf(headers, timestampHeader.toLowerCase()), timestampHeader);
    if (typeof time !== 'string') return time;
    const read = readTime(timestampHeader, time, { now: now(), toleranceMs });
    if (typeof read !== 'number') return read;
    timestamp = read;
  }
  if (!given.startsWith(prefix)) return problem(`The header "${header}" does not begin with "${prefix}".`);
  // Hexadecimal has two spellings of the same bytes.
  const signature = Buffer.from(encoding === 'hex' ? given.slice(prefix.length).toLowerCase() : given.slice(prefix.length));
  const secrets = (typeof request.secrets === 'string' ? [request.secrets] : request.secrets).filter((secret) => secret !== '');
  if (secrets.length === 0) return problem('There is no secret to check it with.');
  let matches = 0;
  for (const secret of secrets) {
    const hmac = createHmac(algorithm, secret);
    if (timestamp !== null) hmac.update(`${timestamp}.`);
    const right = Buffer.from(hmac.update(body).digest(encoding));
    if (right.length === signature.length && timingSafeEqual(right, signature)) matches += 1;
  }
  return matches > 0
    ? { ok: true, timestamp }
    : problem('The signature does not match: the body was changed, or it was signed with another secret or in another way.');
}

function required(value: ReturnType<typeof headerOf>, header: string): string | SignatureProblem {
  return value ?? problem(`It is not signed: the header "${header}" is missing.`);
}
