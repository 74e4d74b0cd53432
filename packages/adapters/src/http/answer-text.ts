import { StringDecoder } from 'node:string_decoder';

/** How much of an answer is kept for the log, in bytes of UTF-8. */
export const maxKeptBytes = 4_096;

const encoder = new TextEncoder();

/**
 * The beginning of an answer as well-formed text of at most so many bytes. What is not UTF-8, and the NUL that some databases
 * refuse, becomes U+FFFD; a character that the limit cuts in two is left out.
 *
 * @param cut whether more bytes followed
 */
export function answerText(bytes: Buffer | null, cut: boolean, maxBytes: number = maxKeptBytes): string {
  if (bytes === null) return '';
  const decoded = cut ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
  const text = decoded.includes('\0') ? decoded.replaceAll('\0', '\uFFFD') : decoded;
  // A byte that is not UTF-8 becomes a character of three.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxBytes)).read);
}
