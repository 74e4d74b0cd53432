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
}

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
  { now, toleranceMs = defaultToleranceMs }: { readonly now: number; readonly toleranceMs?: number },
): ReadSignature | SignatureProblem {
  const found = new Map<string, string>();
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (value === undefined || !(names as readonly string[]).includes(name)) continue;
    const values = typeof value === 'string' ? [value] : value;
    if (found.has(name) || values.length > 1) return problem(`The header "${name}" is there more than once.`);
    found.set(name, values[0] ?? '');
  }
  const missing = names.filter((name) => !found.get(name));
  if (missing.length === names.length) return problem('It is not signed: none of the three webhook headers is there.');
  if (missing[0]) return problem(`The header "${missing[0]}" is missing${missing[1] ? `, and "${missing[1]}"` : ''}.`);

  const [id, time, signed] = names.map((name) => found.get(name) as string) as [string, string, string];
  // The parts of what is signed have dots between them: an id with dots could take over parts of another message.
  if (id.includes('.')) return problem('The header "webhook-id" has a dot in it, which no id may have.');
  if (!/^[1-9][0-9]{0,14}$/.test(time)) return problem('The header "webhook-timestamp" is not a time in whole seconds.');
  const timestamp = Number(time);
  const ageS = Math.floor(now / 1_000) - timestamp;
  if (ageS * 1_000 > toleranceMs)
    return problem(`It was signed too long ago: ${ageS} s, and ${toleranceMs / 1_000} s are taken.`);
  if (-ageS * 1_000 > toleranceMs) {
    return problem(`It says that it was signed ${-ageS} s from now; clocks may differ by ${toleranceMs / 1_000} s.`);
  }

  const all = signed.split(' ').filter(Boolean);
  const signatures = all.filter((one) => one.startsWith('v1,')).map((one) => one.slice(3));
  if (signatures.length === 0) {
    const versions = [...new Set(all.map((one) => one.split(',')[0]?.slice(0, 20)))].slice(0, 5);
    return problem(
      `No signature is of version "v1"; ${versions.length > 0 ? `there is "${versions.join('", "')}"` : 'there is none'}.`,
    );
  }
  return { ok: true, id, timestamp, signatures };
}

/** The base64 of a secret's bytes; null when it is none. `whsec_` may be left out in front. */
export function readSigningSecret(secret: string): string | null {
  const encoded = secret.trim().replace(/^whsec_/, '');
  return /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded) ? encoded : null;
}

/** What is said when nothing matched. */
export function noMatch(secrets: number, unusable: number): SignatureProblem {
  if (secrets === 0) return problem('There is no secret to check it with.');
  if (unusable === secrets) return problem('The secret cannot be used: it must be "whsec_" followed by base64.');
  const of = secrets === 1 ? 'the secret' : `any of the ${secrets} secrets`;
  const rest = unusable > 0 ? ` (${unusable} of them cannot be used: a secret is "whsec_" followed by base64)` : '';
  return problem(`No signature matches: the body or a header was changed, or it was not signed with ${of}${rest}.`);
}

function problem(reason: string): SignatureProblem {
  return { ok: false, reason };
}
