import { createHash } from 'node:crypto';
import { Problem } from './problem.ts';

/** What a page ends with: the id of its last row. */
export type Position = number | string;

/**
 * Writes where a page ended, bound to what was asked for: with other filters, or for another account, it is of no use. It
 * holds nothing but an id of the account's own, so that a forged one leads nowhere else.
 */
export function writeCursor(position: Position, asked: unknown): string {
  return Buffer.from(JSON.stringify([binding(asked), position])).toString('base64url');
}

/**
 * Reads where a page ended.
 *
 * @param holds what its ids are
 * @throws {Problem} `invalid_cursor`
 */
export function readCursor(cursor: string, asked: unknown, holds: 'number' | 'string'): Position {
  const found = parse(cursor);
  if (Array.isArray(found) && found.length === 2 && found[0] === binding(asked)) {
    const position: unknown = found[1];
    if (holds === 'number' && Number.isSafeInteger(position)) return position as number;
    if (holds === 'string' && typeof position === 'string' && !position.includes('\0') && position.isWellFormed())
      return position;
  }
  throw new Problem('invalid_cursor', 'The cursor is none of this list with these filters. Begin again without "cursor".', {
    part: 'cursor',
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function binding(asked: unknown): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16);
}
