/** Headers of a request by their names in any case: Node's, Express', or plain texts. */
export type SignatureHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the headers of a signed request say, before anybody has looked whether it is true. */
export interface ReadSignature {
  readonly ok: true;
  readonly id: string;
  /** When it was signed, in seconds since the epoch. */
  readonly timestamp: number;
  /** The base64 of each signature of version 1. */
  readonly signatures: readonly string[];
  /** The base64 of each signature of version 1a, where those were asked for. */
  readonly asymmetric: readonly string[];
}

/** What headers are read by. */
export interface ReadOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly toleranceMs?: number;
  /** Versions of signatures that can be checked; `v1` by default. */
  readonly versions?: readonly SignatureVersion[];
}

/** HMAC-SHA256 with a secret (`v1`), and Ed25519 with a key pair (`v1a`). */
export type SignatureVersion = 'v1' | 'v1a';

/** Why a request is not to be believed, in plain words. */
export interface SignatureProblem {
  readonly ok: false;
  readonly reason: string;
}

/** How far the time of a signature may be from now. */
export const defaultToleranceMs = 300_000;

const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * Reads the headers of Standard Webhooks and checks everything but the signatures themselves. Nothing of Node's is used, so
 * that pages can read them too.
 */
export function readSignature(
  headers: SignatureHeaders,
  { now, toleranceMs = defaultToleranceMs, versions: asked = ['v1'] }: ReadOptions,
): ReadSignature | SignatureProblem {
  const found = names.map((name) => headerOf(headers, name));
  const twice = found.find((value) => value !== null && typeof value === 'object');
  if (twice) return twice;
  const missing = names.filter((_, index) => !found[index]);
  if (missing.length === names.length) return problem('It is not signed: none of the three webhook headers is there.');
  if (missing[0]) return problem(`The header "${missing[0]}" is missing${missing[1] ? `, and "${missing[1]}"` : ''}.`);

  const [id, time, signed] = found as [string, string, string];
  // The parts of what is signed have dots between them: an id with dots could take over parts of another message.
  if (id.includes('.')) return problem('The header "webhook-id" has a dot in it, which no id may have.');
  const timestamp = readTime('webhook-timestamp', time, { now, toleranceMs });
  if (typeof timestamp !== 'number') return timestamp;

  const all = signed.split(' ').filter(Boolean);
  const ofVersion = (version: SignatureVersion): string[] =>
    asked.includes(version) ? all.filter((one) => one.startsWith(`${version},`)).map((one) => one.slice(version.length + 1)) : [];
  const [signatures, asymmetric] = [ofVersion('v1'), ofVersion('v1a')];
  if (signatures.length + asymmetric.length === 0) {
    const versions = [...new Set(all.map((one) => one.split(',')[0]?.slice(0, 20)))].slice(0, 5);
    return problem(
      `No signature is of version "${asked.join('" or "')}"; ${versions.length > 0 ? `there is "${versions.join('", "')}"` : 'there is none'}.`,
    );
  }
  return { ok: true, id, timestamp, signatures, asymmetric };
}

/** The value of a header, by its name in lower case, that may be there once; null when it is not there. */
export function headerOf(headers: SignatureHeaders, wanted: string): string | null | SignatureProblem {
  const values = Object.entries(headers)
    .filter(([given]) => given.toLowerCase() === wanted)
    .flatMap(([, value]) => value ?? []);
  return values.length > 1 ? problem(`The header "${wanted}" is there more than once.`) : (values[0] ?? null);
}

/** Reads the time of a signature, in seconds since the epoch, from a header; says what is wrong with it, or that it is not now. */
export function readTime(
  header: string,
  time: string,
  { now, toleranceMs }: { readonly now: number; readonly toleranceMs: number },
): number | SignatureProblem {
  if (!/^[1-9][0-9]{0,14}$/.test(time)) return problem(`The header "${header}" is not a time in whole seconds.`);
  const timestamp = Number(time);
  const ageS = Math.floor(now / 1_000) - timestamp;
  if (ageS * 1_000 > toleranceMs)
    return problem(`It was signed too long ago: ${ageS} s, and ${toleranceMs / 1_000} s are taken.`);
  if (-ageS * 1_000 > toleranceMs) {
    return problem(`It says that it was signed ${-ageS} s from now; clocks may differ by ${toleranceMs / 1_000} s.`);
  }
  return timestamp;
}

/** The base64 of a secret's bytes; null when it is none. `whsec_` may be left out in front. */
export function readSigningSecret(secret: string): string | null {
  const encoded = secret.trim().replace(/^whsec_/, '');
  return /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded) ? encoded : null;
}

/** The base64 of a public key's 32 bytes; null when it is none. */
export function readPublicKey(key: string): string | null {
  return /^whpk_([A-Za-z0-9+/]{43}=)$/.exec(key.trim())?.[1] ?? null;
}

/** What is said when nothing matched. */
export function noMatch(secrets: number, unusable: number): SignatureProblem {
  if (secrets === 0) return problem('There is no secret to check it with.');
  if (unusable === secrets)
    return problem('The secret cannot be used: it must be "whsec_" followed by base64, or "whpk_" and a public key.');
  const of = secrets === 1 ? 'the secret' : `any of the ${secrets} secrets`;
  const rest =
    unusable > 0
      ? ` (${unusable} of them cannot be used: a secret is "whsec_" followed by base64, or "whpk_" and a public key)`
      : '';
  return problem(`No signature matches: the body or a header was changed, or it was not signed with ${of}${rest}.`);
}

export function problem(reason: string): SignatureProblem {
  return { ok: false, reason };
}
