/** One thing that a receiver does. Steps follow each other until the connection is gone. */
export type HostileStep =
  /** A well-formed answer; the connection is kept. */
  | {
      readonly answer: number;
      readonly headers?: Readonly<Record<string, string | string[]>>;
      readonly body?: string | Uint8Array;
    }
  /** These bytes, whatever they mean. */
  | { readonly write: string | Uint8Array }
  /** These bytes again and again, so often, until the connection is gone. */
  | { readonly drip: string; readonly everyMs: number }
  /** These bytes again and again, as fast as they are taken, until the connection is gone. */
  | { readonly flood: string }
  | { readonly waitMs: number }
  /** Says that nothing more comes; closes for good; resets. */
  | { readonly connection: 'end' | 'destroy' | 'reset' };

/** What steps may depend on. */
export interface HostileContext {
  /** The number in the path, as in `/status-503`; 0 when there is none. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Requests for the same behaviour that this connection brought before. */
  readonly earlier: number;
}

/** What a sender makes of it: delivered, failed (to be tried again), asked to wait, or told never to come again. */
export type HostileVerdict = 'delivered' | 'failed' | 'busy' | 'gone';

/** What a receiver does, and what a sound sender makes of that. */
export interface HostileScript {
  /** In one sentence. */
  readonly does: string;
  /** What a sound sender makes of it; more than one where the standards leave a choice. */
  readonly expect: HostileVerdict | readonly HostileVerdict[];
  /** How long it may be asked to wait, in milliseconds, from and to; null when what it is told means nothing. */
  readonly retryAfterMs?: readonly [from: number, to: number] | null;
  /**
   * When the steps begin: once the whole request has arrived (by default), once its headers have, or as soon as there is a
   * connection. Those of the last kind listen on a port of their own, and read what arrives only if they have `reads`.
   */
  readonly on?: 'request' | 'headers' | 'connection';
  readonly reads?: boolean;
  /** The scheme of its URL; `http:` by default. */
  readonly scheme?: 'https:';
  readonly steps: readonly HostileStep[] | ((context: HostileContext) => readonly HostileStep[]);
}

const crlf = '\r\n';

/** A status line and headers, and the empty line behind them. */
export function head(...lines: readonly string[]): string {
  return [...lines, '', ''].join(crlf);
}

/** An answer whose headers are written here, and whose connection is closed behind it. */
export function thenEnd(text: string | Uint8Array): readonly HostileStep[] {
  return [{ write: text }, { connection: 'end' }];
}

export const status = 'HTTP/1.1 200 OK';
export const ok = `${head(status, 'content-length: 2')}ok`;
export const chunked = head(status, 'transfer-encoding: chunked');
