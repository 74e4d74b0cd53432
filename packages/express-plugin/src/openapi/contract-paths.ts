import { inWords, type Catalog } from '@hookwell/core';
import { endpoints, type Endpoint } from '../contract/endpoints.ts';
import { parametersOf } from './parameters.ts';
import type { Json, SchemaComponents } from './schema-components.ts';

/** How many requests are taken; null when they are not counted. */
export type DocumentedLimit = { readonly limit: number; readonly windowMs: number } | null;

const ref = (kind: 'headers' | 'responses', name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

/** The headers that every answer carries, where requests are counted. */
export function limitHeaders(limit: DocumentedLimit): Json {
  if (!limit) return {};
  const names = ['X-Rate-Limit-Limit', 'X-Rate-Limit-Remaining', 'X-Rate-Limit-Reset'];
  return { headers: Object.fromEntries(names.map((name) => [name, ref('headers', name.replaceAll('-', ''))])) };
}

/** The paths of the contract. */
export function contractPaths(catalog: Catalog, limit: DocumentedLimit, { use }: SchemaComponents): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints(catalog)) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation(endpoint, limit, use) };
  }
  return paths;
}

function operation(endpoint: Endpoint, limit: DocumentedLimit, use: (schema: unknown) => Json): Json {
  const { id, tag, summary, description, query, body, answer, refusals } = endpoint;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: [{ appId: [], apiKey: [] }],
    ...(query ? { parameters: parametersOf(query, 'query', use) } : {}),
    ...(body ? { requestBody: requestBody(body, use) } : {}),
    responses: {
      200: {
        description: answer.description,
        ...limitHeaders(limit),
        content: { 'application/json': { schema: use(answer.schema), example: answer.example } },
      },
      ...Object.fromEntries(Object.entries(refusals).map(([status, text]) => [status, refusal(Number(status), text, limit)])),
      401: ref('responses', 'NotAuthenticated'),
      ...(limit ? { 429: ref('responses', 'TooManyRequests') } : {}),
      500: ref('responses', 'InternalError'),
      503: ref('responses', 'Unavailable'),
    },
  };
}

function requestBody({ form, json, examples }: NonNullable<Endpoint['body']>, use: (schema: unknown) => Json): Json {
  const shown = Object.fromEntries(examples.map(({ name, summary, value }) => [name, { summary, value }]));
  return {
    required: true,
    content: {
      'application/x-www-form-urlencoded': { schema: use(form), examples: shown },
      'application/json': { schema: use(json), examples: shown },
    },
  };
}

const meanings: Readonly<Record<number, string>> = {
  400: 'Something in the request is wrong; the text says what.',
  403: 'The user may not do this, or the plan of the account does not have it.',
  404: 'There is no such number in this account.',
};

function refusal(status: number, text: string, limit: DocumentedLimit, headers: Json = {}): Json {
  const all = { ...(limitHeaders(limit)['headers'] as Json | undefined), ...headers };
  return {
    description: meanings[status] ?? text,
    ...(Object.keys(all).length === 0 ? {} : { headers: all }),
    content: { 'text/html': { schema: { type: 'string' }, example: text } },
  };
}

/** The answers and headers that all endpoints of the contract share. */
export function contractComponents(limit: DocumentedLimit): { readonly responses: Json; readonly headers: Json } {
  const retryAfter = { 'Retry-After': ref('headers', 'RetryAfter') };
  const integer = { type: 'integer', minimum: 0 };
  const told = (status: number, description: string, text: string, headers: Json = {}): Json => ({
    ...refusal(status, text, limit, headers),
    description,
  });
  return {
    responses: {
      NotAuthenticated: told(401, 'The key pair is nobody’s, or was not sent.', 'Your App ID and API Key do not authenticate.'),
      ...(limit && {
        TooManyRequests: told(
          429,
          'More requests than are taken; `Retry-After` says in how many seconds there is room.',
          `Too many requests: ${limit.limit} are taken in ${inWords(limit.windowMs)}. Try again in 3 seconds.`,
          retryAfter,
        ),
      }),
      InternalError: told(500, 'Something went wrong here.', 'Something went wrong here, not in your request. Try again later.'),
      Unavailable: told(503, 'Not right now.', 'Not available right now. Try again in a moment.', retryAfter),
    },
    headers: {
      ...(limit && {
        XRateLimitLimit: {
          description: `Requests that are taken in any ${inWords(limit.windowMs)}.`,
          schema: integer,
          example: limit.limit,
        },
        XRateLimitRemaining: { description: 'How many of them are left.', schema: integer, example: limit.limit - 1 },
        XRateLimitReset: { description: 'In how many seconds there is room for more.', schema: integer, example: 60 },
      }),
      RetryAfter: { description: 'In how many seconds to try again.', schema: integer, example: 3 },
    },
  };
}
