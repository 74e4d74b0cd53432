import { noMatch, readSignature, readSigningSecret } from '../../../core/src/read-signature.ts';
import type { SignatureFinding, WholeArrivalJson } from '../../src/bins/bin-shapes.ts';
import { bytesOf } from './hex.ts';

type Checked = Pick<WholeArrivalJson, 'headers' | 'bytes' | 'whole' | 'at' | 'signature'>;

/** Checks a request with a secret that never leaves the page. Its time is compared with when it came. */
export async function checkSignature(
  { headers, bytes, whole, at, signature }: Checked,
  secret: string,
): Promise<SignatureFinding> {
  if (signature.state === 'unsigned') return signature;
  if (bytes === null || !whole) return { state: 'unchecked', reason: 'Not all bytes of its body are known here.' };
  const read = readSignature(byName(headers), { now: at });
  if (!read.ok) return { state: 'wrong', reason: read.reason };
  const encoded = readSigningSecret(secret);
  if (encoded === null) return { state: 'unchecked', reason: noMatch(1, 1).reason };
  // Browsers compute it on pages with TLS and on localhost only, and their types do not say so.
  const subtle = crypto.subtle as typeof crypto.subtle | undefined;
  if (!subtle) return { state: 'unchecked', reason: 'Browsers check signatures on pages with https only.' };
  const key = await subtle.importKey('raw', bytesOf(encoded), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const start = new TextEncoder().encode(`${read.id}.${read.timestamp}.`);
  const body = bytesOf(bytes);
  const message = new Uint8Array(start.length + body.length);
  message.set(start);
  message.set(body, start.length);
  const right = btoa(String.fromCharCode(...new Uint8Array(await subtle.sign('HMAC', key, message))));
  return read.signatures.includes(right) ? { state: 'verified', reason: '' } : { state: 'wrong', reason: noMatch(1, 0).reason };
}

function byName(headers: Checked['headers']): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key.startsWith('webhook-')) (found[key] ??= []).push(value);
  }
  return found;
}
