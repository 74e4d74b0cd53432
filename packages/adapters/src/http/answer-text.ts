import { StringDecoder } from 'node:string_decoder';

/** How much of an answer is kept, in bytes of UTF-8. */
export const maxKeptBytes = 4_096;

const encoder = new TextEncoder();

/**
 * The beginning of an answer as well-formed text of at most 4 KiB. What is not UTF-8, and the NUL that some databases
 * refuse, becomes U+FFFD; a character that the limit cuts in two is left out.
 *
 * @param cut whether more bytes followed
 */
export function answerText(bytes: Buffer | null, cut: boolean): string {
  if (bytes === null) return '';
  const decoded = cut ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
  const text = decoded.includes('\0') ? decoded.replaceAll('\0', '\uFFFD') : decoded;
  // A byte that is not UTF-8 becomes a character of three.
  if (text.length * 3 <= maxKeptBytes || Buffer.byteLength(text) <= maxKeptBytes) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxKeptBytes)).read);
}
