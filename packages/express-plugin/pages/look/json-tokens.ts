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

/** JSON text laid out for reading; null when it is none. */
export function prettyJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}
