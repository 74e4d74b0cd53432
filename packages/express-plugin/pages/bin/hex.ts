/** The bytes that a dump shows at most. */
export const maxDumped = 65_536;

const row = 16;

/** Bytes as rows of an offset, their numbers, and their ASCII letters. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, maxDumped); at += row) {
    const part = [...bytes.subarray(at, Math.min(at + row, maxDumped))];
    const numbers = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${numbers.padEnd(3 * row - 1)}  ${letters}`);
  }
  return lines.join('\n');
}

/** The bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
