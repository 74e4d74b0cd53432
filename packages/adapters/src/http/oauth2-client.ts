import { HookwellError, resolveOptions, Secret } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import { readUrl, type Target, type UrlRules } from './read-url.ts';

/** One client of an OAuth 2.0 server, and the URLs that its access tokens are for: type, default and manual in one. */
export const OAuth2ClientSchema = Type.Object(
  {
    urls: Type.Array(Type.String(), {
      minItems: 1,
      description:
        'The URLs that its tokens are for, and all below them: `https://hooks.example.com/` is a whole host, `https://hooks.example.com/in` a route of it.',
    }),
    accountIds: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Number()]), {
        minItems: 1,
        description: 'The accounts whose deliveries carry its tokens; those of every account when left out.',
      }),
    ),
    tokenUrl: Type.String({
      description: 'Where tokens are asked for. The rules for URLs and addresses hold for it as they do for receivers.',
    }),
    clientId: Type.String({ minLength: 1, maxLength: 1_000, description: 'The name of the client.' }),
    // Checked by hand, because a schema shows what it refuses.
    clientSecret: Type.Unsafe<Secret | string>({ description: 'Its secret.' }),
    scope: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2_000, description: 'What the tokens are to be good for, with spaces between.' }),
    ),
    audience: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2_000, description: 'Whom the tokens are for, where the server wants to be told.' }),
    ),
    authMethod: Type.Union([Type.Literal('client_secret_basic'), Type.Literal('client_secret_post')], {
      default: 'client_secret_basic',
      description: 'How the client says who it is: in the header `Authorization`, or in the body.',
    }),
  },
  { additionalProperties: false },
);

type Resolved = Readonly<Static<typeof OAuth2ClientSchema>>;

/** A client of an OAuth 2.0 server, as a host writes it. */
export type OAuth2Client = Omit<Resolved, 'authMethod'> & Partial<Pick<Resolved, 'authMethod'>>;

/** The request that a token is asked for with. */
export interface TokenRequest {
  readonly target: Target;
  readonly headers: readonly string[];
  readonly body: string;
}

/** A client that was checked. */
export interface TokenClient {
  /** Made when it is needed, so that nothing keeps the secret as a text. */
  readonly request: () => TokenRequest;
  /** Whether its tokens are for a request. */
  readonly isFor: (target: Target, accountId: string) => boolean;
}

/**
 * Checks the option `oauth2` of httpTransport.
 *
 * @throws {HookwellError} `invalid_option`, which shows neither a secret nor the URL of a server
 */
export function readOAuth2Clients(clients: unknown, rules: UrlRules): readonly TokenClient[] {
  if (!Array.isArray(clients)) throw wrong('', 'it is no list', 'pass a list of clients');
  return clients.map((client, index) => readClient(client, `[${index}]`, rules));
}

function readClient(client: unknown, at: string, rules: UrlRules): TokenClient {
  if (typeof client !== 'object' || client === null) {
    throw wrong(at, 'it is no object', 'pass {urls, tokenUrl, clientId, clientSecret}');
  }
  const resolved = resolveOptions(OAuth2ClientSchema, client, `httpTransport: option "oauth2${at}"`);
  const { urls, accountIds, tokenUrl, clientId, clientSecret: given, scope, audience, authMethod } = resolved;
  const secret = typeof given === 'string' ? new Secret(given) : given;
  if (!(secret instanceof Secret) || secret.reveal() === '' || !secret.reveal().isWellFormed()) {
    throw wrong(`${at}.clientSecret`, 'it is neither a text nor a Secret', 'pass the secret that the server gave the client');
  }
  const target = readUrl(tokenUrl, rules);
  if (typeof target === 'string') throw wrong(`${at}.tokenUrl`, target, 'name the URL of the token endpoint');
  const routes = urls.map((url, index) => readRoute(url, `${at}.urls[${index}]`, rules));
  const accounts = accountIds && new Set(accountIds.map(String));

  return {
    request: () => tokenRequest(target, { clientId, secret, scope, audience, authMethod }),
    isFor: (to, accountId) => (accounts?.has(accountId) ?? true) && routes.some((route) => isBelow(to, route)),
  };
}

function readRoute(url: string, at: string, rules: UrlRules): Target {
  const route = readUrl(url, rules);
  if (typeof route === 'string') throw wrong(at, route, 'name a URL that subscriptions may have');
  if (route.path.includes('?')) throw wrong(at, 'it has a query', 'name a host, or a path of it');
  return route;
}

/** Whether a request goes to a route, or to something below it. */
function isBelow({ origin, path }: Target, route: Target): boolean {
  if (origin !== route.origin || !path.startsWith(route.path)) return false;
  const next = path[route.path.length];
  return route.path.endsWith('/') || next === undefined || next === '/' || next === '?';
}

interface Credentials extends Pick<Resolved, 'clientId' | 'authMethod'> {
  readonly secret: Secret;
  readonly scope: string | undefined;
  readonly audience: string | undefined;
}

/** As RFC 6749 has it, sections 4.4.2 and 2.3.1. */
function tokenRequest(target: Target, { clientId, secret, scope, audience, authMethod }: Credentials): TokenRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json', 'user-agent', 'Hookwell'];
  if (authMethod === 'client_secret_post') {
    form.set('client_id', clientId);
    form.set('client_secret', secret.reveal());
  } else {
    const pair = `${formEncoded(clientId)}:${formEncoded(secret.reveal())}`;
    headers.push('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  }
  return { target, headers, body: form.toString() };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function wrong(at: string, problem: string, way: string): HookwellError {
  return new HookwellError('invalid_option', `httpTransport: option "oauth2${at}" cannot be used: ${problem}; ${way}.`);
}
