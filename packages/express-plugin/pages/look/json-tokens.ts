/** A piece of JSON text and what it is. */
export interface JsonToken {
  readonly kind: 'key' | 'text' | 'value' | 'other';
  readonly text: string;
}

const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Takes JSON text apart for colouring; joined again, the tokens are the text. */
export function jsonTokens(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) tokens.push({ kind: 'other', text: text.slice(end, match.index) });
    const [whole, quoted, colon] = match;
    if (quoted === undefined) tokens.push({ kind: 'value', text: whole });
    else if (colon === undefined) tokens.push({ kind: 'text', text: whole });
    else tokens.push({ kind: 'key', text: quoted }, { kind: 'other', text: colon });
    end = match.index + whole.length;
  }
  if (end < text.length) tokens.push({ kind: 'other', text: text.slice(end) });
  return tokens;
}

/** JSON text laid out for reading, its numbers and texts as they were written; null when it is none. */
export function prettyJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  // What is left between texts is brackets, commas, colons, white space, and values without any of these.
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (piece) => {
    if (piece.length > 1) return /^\s/.test(piece) ? '' : piece.replaceAll(/^([[{])\s+/g, '$1');
    switch (piece) {
      case '{':
      case '[':
        depth += 1;
        return piece + line();
      case '}':
      case ']':
        depth -= 1;
        return line() + piece;
      case ',':
        return piece + line();
      case ':':
        return ': ';
      default:
        return '';
    }
  });
}
