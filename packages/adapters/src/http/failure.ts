import { isIP } from 'node:net';
import type { Fault, TransportResult } from '@hookwell/core';
import { blockedAddress, BlockedAddressError } from './address-guard.ts';
import type { HttpTransportOptions } from './http-options.ts';

/** An attempt that came to nothing. */
export type Failure = Extract<TransportResult, { ok: false }>;

/** A failure without a valid answer. */
export function failure(
  fault: Fault,
  reason: string,
  more: Partial<Pick<Failure, 'status' | 'answer' | 'unsent'>> = {},
): Failure {
  return { ok: false, fault, reason, status: 0, answer: '', retryAfterMs: null, unsent: false, ...more };
}

/** What an attempt says of a URL that may not be sent to, be it found out before or while connecting. */
export function refusedUrl(problem: string): string {
  return `its URL may not be sent to: ${problem}`;
}

/** What errors mean, by their code. No sentence has an address in it, because subscribers read them. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'host not reachable',
  ENETUNREACH: 'network not reachable',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be resolved for now',
  EAI_FAIL: 'host name could not be resolved',
  UND_ERR_SOCKET: 'connection closed by the receiver',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are larger than 16 KiB',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is not as long as its content-length says',
  HOOKWELL_PROXY_FAILED: 'the proxy that requests go through could not connect to the host',
  ERR_ASSERTION: 'the answer is not valid HTTP',
};

/** Trouble of this process or machine, which says nothing about the receiver. */
const local: Readonly<Record<string, string>> = {
  HOOKWELL_MAX_SOCKETS: 'this process has as many connections open as it may',
  HOOKWELL_PROXY_DOWN: 'the proxy that requests go through does not answer',
  HOOKWELL_PROXY_CREDENTIALS: 'the proxy that requests go through does not take the credentials',
  UND_ERR_MAX_ORIGINS_REACHED: 'this process has connections to as many hosts as it may',
  EMFILE: 'this process has no file descriptors left',
  ENFILE: 'this machine has no file descriptors left',
  ENOBUFS: 'this machine has no network buffers left',
  ENOMEM: 'this machine has no memory left',
  EADDRNOTAVAIL: 'this machine has no local ports left',
  ENETDOWN: 'the network of this machine is down',
  EAI_MEMORY: 'this machine has no memory left',
  EAI_SYSTEM: 'the resolver of this machine failed',
  UND_ERR_DESTROYED: 'the http transport has been stopped',
  UND_ERR_CLOSED: 'the http transport has been stopped',
};

/** How long a working name or network speaks for the resolver and the network of this machine, in milliseconds. */
const evidenceMs = 30_000;

/**
 * Tells trouble that everybody has from trouble that one receiver has. A resolver that does not answer and a network
 * without a route are our own, unless either worked for another receiver a short while ago.
 */
export class Outages {
  readonly #now: () => number;
  #resolvedAt = Number.NEGATIVE_INFINITY;
  #routedAt = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes note of what an attempt to connect came to. */
  connected(error: Error | null, hostname: string): void {
    const code = codeOf(error);
    if (code !== 'EAI_AGAIN' && isIP(hostname) === 0) this.#resolvedAt = this.#now();
    if (error === null || code === 'ECONNREFUSED') this.#routedAt = this.#now();
  }

  /** Whether an error with this code is everybody's. */
  shared(code: string): boolean {
    if (code === 'EAI_AGAIN') return this.#now() - this.#resolvedAt > evidenceMs;
    return code === 'ENETUNREACH' && this.#now() - this.#routedAt > evidenceMs;
  }
}

/** Turns what undici, TLS or the system complain of into a failure, whatever it is. */
export function failureOf(
  error: unknown,
  outages: Pick<Outages, 'shared'>,
  { connectMs, headersMs }: Pick<HttpTransportOptions, 'connectMs' | 'headersMs'>,
): Failure {
  if (error instanceof BlockedAddressError) return failure('policy', refusedUrl(blockedAddress));
  const code = codeOf(error);
  const trouble = local[code];
  if (trouble !== undefined) return failure('local', trouble);
  if (outages.shared(code)) return failure('local', code === 'EAI_AGAIN' ? 'no host name can be resolved' : 'no network');
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
    return failure('policy', `the request cannot be sent: ${messageOf(error)}`);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return failure('endpoint', `no connection within ${connectMs} ms`);
  if (code === 'ETIMEDOUT') return failure('endpoint', 'connection timed out');
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return failure('endpoint', `no answer within ${headersMs} ms`);
  if (code === 'UND_ERR_BODY_TIMEOUT') return failure('endpoint', `no more of the answer within ${headersMs} ms`);
  if (code === 'UND_ERR_SOCKET' && messageOf(error).startsWith('bad ')) {
    return failure('endpoint', 'the answer is one that was not asked for (100 or 101)');
  }
  // undici's own parser errors have no code for some mistakes.
  if (code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError'))
    return failure('endpoint', 'the answer is not valid HTTP');
  if (/CERT|SIGNED|UNABLE_TO_|ALTNAME|CRL|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code))
    return failure('endpoint', `TLS certificate not accepted (${code})`);
  if (/^ERR_(SSL|TLS)|^EPROTO$/.test(code)) return failure('endpoint', `TLS handshake failed (${code})`);
  return failure('endpoint', reasons[code] ?? `the request failed${/^[A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ''}`);
}

/** Whether an error says that the receiver closed the connection, in whichever way. */
export function isClosing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
