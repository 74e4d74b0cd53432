import type { TransportResult } from '@hookwell/core';
import { noToken, type AccessTokens } from './access-tokens.ts';
import { answerText } from './answer-text.ts';
import type { Limited } from './in-flight.ts';

/** What a request with an access token is sent with. */
export interface AuthorizedSendContext {
  readonly totalMs: number;
  readonly monotonicNow: () => number;
  readonly tokens: Pick<AccessTokens, 'get' | 'renew'>;
  /** Sends the request with a token; `begun` is told of it, which can be ended. */
  readonly transmit: (token: string, begun: (exchange: Pick<Limited, 'expire'>) => void) => Promise<TransportResult>;
  readonly onSettled: (send: AuthorizedSend) => void;
}

/**
 * A request that carries an access token, from before the token is asked for to the last byte of the answer: one time
 * for all of it. A receiver that answers 401 is sent it once more, with another token.
 */
export class AuthorizedSend implements Limited {
  readonly dueAt: number;
  readonly result: Promise<TransportResult>;
  readonly #context: AuthorizedSendContext;
  readonly #used: string[] = [];
  #resolve: (result: TransportResult) => void = () => undefined;
  #current: Pick<Limited, 'expire'> | undefined;
  #refusal: TransportResult | undefined;
  #settled = false;

  constructor(context: AuthorizedSendContext) {
    this.#context = context;
    this.dueAt = context.monotonicNow() + context.totalMs;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Sends it. */
  async run(): Promise<void> {
    const { tokens } = this.#context;
    const token = await tokens.get();
    if (typeof token !== 'string') return this.#settle(token);
    const result = await this.#send(token);
    if (result === undefined || result.ok || result.status !== 401) return this.#settle(result);
    this.#refusal = result;
    const another = await tokens.renew(token);
    if (typeof another !== 'string') return this.#settle(another);
    this.#settle(another === token ? result : await this.#send(another));
  }

  /** Ends it because its time is over. */
  expire(): void {
    if (this.#current) this.#current.expire();
    else this.#settle(this.#refusal ?? noToken(`no answer within ${this.#context.totalMs} ms`));
  }

  /** Undefined when its time was over before. */
  async #send(token: string): Promise<TransportResult | undefined> {
    if (this.#settled) return undefined;
    this.#used.push(token);
    const result = await this.#context.transmit(token, (exchange) => {
      this.#current = exchange;
    });
    this.#current = undefined;
    return result;
  }

  #settle(result: TransportResult | undefined): void {
    if (this.#settled || result === undefined) return;
    this.#settled = true;
    this.#context.onSettled(this);
    this.#resolve({ ...result, answer: withoutTokens(result.answer, this.#used) });
  }
}

/** The shortest beginning of a token, at the end of a text, that is taken for one that was cut. */
const shortestCut = 8;

/** A text without these tokens: receivers may repeat what they were sent, and accounts read it. */
function withoutTokens(text: string, tokens: readonly string[]): string {
  let clean = text;
  for (const token of tokens) {
    clean = clean.replaceAll(token, '[redacted]');
    for (let length = Math.min(token.length - 1, clean.length); length >= shortestCut; length -= 1) {
      if (!clean.endsWith(token.slice(0, length))) continue;
      clean = `${clean.slice(0, -length)}[redacted]`;
      break;
    }
  }
  return clean === text ? text : answerText(Buffer.from(clean), false);
}
