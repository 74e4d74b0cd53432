import type { TransportResult } from '@hookwell/core';
import { failure, type Failure } from './failure.ts';
import type { TokenClient, TokenRequest } from './oauth2-client.ts';

/** What tokens are asked for with. */
export interface AccessTokensContext {
  /** Sends a request and answers what came of it, with a body of up to 64 KiB. */
  readonly ask: (request: TokenRequest) => Promise<TransportResult>;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicNow: () => number;
}

/** How long before its end a token is no longer used, in milliseconds: requests take their time. */
const marginMs = 30_000;
/** How long a token is used whose server does not say how long it is good for, in milliseconds. */
const defaultLifeMs = 300_000;
/** How long a server is left alone that gave no token, in milliseconds, and how long at most when it asks for time. */
const refusedMs = { usual: 1_000, most: 60_000 };

/** What RFC 6749 has servers say; nothing else of an answer is repeated, because it may repeat the secret. */
const knownErrors: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

/** The access tokens of one client: asked for once for all who wait, and kept until shortly before they end. */
export class AccessTokens {
  readonly #client: TokenClient;
  readonly #context: AccessTokensContext;
  #token: { readonly value: string; readonly until: number } | undefined;
  #refusal: { readonly failure: Failure; readonly until: number } | undefined;
  #asked: Promise<string | Failure> | undefined;

  constructor(client: TokenClient, context: AccessTokensContext) {
    this.#client = client;
    this.#context = context;
  }

  get isFor(): TokenClient['isFor'] {
    return this.#client.isFor;
  }

  /** A token that is good for now, or why there is none: trouble of our own, held against no receiver. */
  async get(): Promise<string | Failure> {
    const now = this.#context.monotonicNow();
    if (this.#token && now < this.#token.until) return this.#token.value;
    if (this.#refusal && now < this.#refusal.until) return this.#refusal.failure;
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  /** Another token than one that a receiver has refused; the same when the server gives no other. */
  async renew(refused: string): Promise<string | Failure> {
    if (this.#token?.value === refused) this.#token = undefined;
    return this.get();
  }

  async #ask(): Promise<string | Failure> {
    const { ask, monotonicNow } = this.#context;
    const askedAt = monotonicNow();
    const result = await ask(this.#client.request());
    const read = readToken(result);
    if (typeof read !== 'string') {
      this.#token = { value: read.token, until: askedAt + read.lifeMs - Math.min(marginMs, read.lifeMs / 2) };
      this.#refusal = undefined;
      return read.token;
    }
    const waitMs = Math.min(refusedMs.most, Math.max(refusedMs.usual, (!result.ok && result.retryAfterMs) || 0));
    const refusal = noToken(read);
    this.#refusal = { failure: refusal, until: monotonicNow() + waitMs };
    return refusal;
  }
}

/** Nobody's fault that a subscriber could do anything about: it is tried again soon, and held against no endpoint. */
export function noToken(why: string): Failure {
  return failure('local', `no access token could be had: ${why}`);
}

/** The token in an answer, or why there is none. */
function readToken(result: TransportResult): { readonly token: string; readonly lifeMs: number } | string {
  const members = readObject(result.answer);
  if (!result.ok) return `${result.reason}${knownErrors.has(members['error']) ? ` (${String(members['error'])})` : ''}`;
  const { access_token: token, token_type: type = 'bearer', expires_in: expiresIn } = members;
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token)) return 'the answer of the token server has none';
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return 'the token server gives none that are sent as they are';
  const seconds = Number(expiresIn ?? Number.NaN);
  return { token, lifeMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : defaultLifeMs };
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
