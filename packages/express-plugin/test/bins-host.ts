import type { ExecutionContext } from 'ava';
import type { ArrivalJson, BinJson, WholeArrivalJson } from '../src/bins/bin-shapes.ts';
import type { WebhooksOptionsInput } from '../src/index.ts';
import { startHost, type Answer, type Host, type HostOptions, type Wish } from './host.ts';
import { sessionOf } from './manage-host.ts';

/** A bin with what it has kept. */
export interface BinState {
  readonly bin: BinJson;
  readonly requests: readonly ArrivalJson[];
}

/** An answer of the API of bins. */
export interface BinsReply<Json> extends Omit<Answer, 'json'> {
  /** The text as JSON; null when it is none. */
  readonly value: Json;
}

export interface BinsHost extends Host {
  /** Asks the API of bins, with the session of an account; null for none. */
  readonly bins: <Json = unknown>(
    method: string,
    path: string,
    more?: Wish & { readonly account?: string | null },
  ) => Promise<BinsReply<Json>>;
  readonly make: (account?: string) => Promise<string>;
  /** Sends something to a bin, as anybody may. */
  readonly send: (id: string, wish?: Wish & { readonly method?: string; readonly below?: string }) => Promise<Answer>;
  readonly state: (id: string, account?: string) => Promise<BinState>;
  /** The newest request of a bin, in whole. */
  readonly newest: (id: string) => Promise<WholeArrivalJson>;
}

/** A host with bins, whose sessions are cookies that name the account. */
export async function startBins(
  t: ExecutionContext,
  bins: NonNullable<WebhooksOptionsInput['bins']> = {},
  { options, ...more }: HostOptions = {},
): Promise<BinsHost> {
  const started = await startHost(t, {
    ...more,
    options: { console: { authenticate: sessionOf }, bins: { enabled: true, ...bins }, ...options },
  });
  const host: BinsHost = {
    ...started,
    async bins<Json>(
      method: string,
      path: string,
      { account = 'a', ...wish }: Wish & { readonly account?: string | null } = {},
    ): Promise<BinsReply<Json>> {
      const headers = { ...(account === null ? {} : { Cookie: `session=${account}` }), ...wish.headers };
      const answer = await started.call(method, `/bins/api${path}`, { ...wish, as: null, headers });
      const { status, headers: answered, text } = answer;
      return { status, headers: answered, text, value: readJson(text) as Json };
    },
    async make(account = 'a') {
      const { status, text, value } = await host.bins<BinJson>('POST', '', { account });
      if (status !== 201) throw new Error(`making a bin answered ${status}: ${text}`);
      return value.id;
    },
    send: async (id, { method = 'POST', below = '', ...wish } = {}) =>
      started.call(method, `/in/${id}${below}`, { as: null, ...wish }),
    state: async (id, account = 'a') => (await host.bins<BinState>('GET', `/${id}`, { account })).value,
    async newest(id) {
      const { requests } = await host.state(id);
      return (await host.bins<WholeArrivalJson>('GET', `/${id}/requests/${requests.at(-1)?.number ?? 0}`)).value;
    },
  };
  return host;
}

/** The bytes that a bin has kept, as text. */
export function textOf({ bytes }: WholeArrivalJson): string | null {
  return bytes === null ? null : Buffer.from(bytes, 'base64').toString();
}

/** What a text says as JSON; null when it is none. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
