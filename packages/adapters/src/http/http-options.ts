import type { OptionsInput } from '@hookwell/core';
import Type, { type Static } from 'typebox';

const second = 1_000;

/** The options of `httpTransport`: type, default and manual in one. Times are in milliseconds. */
export const HttpTransportOptionsSchema = Type.Object(
  {
    protocols: Type.Array(Type.Union([Type.Literal('https:'), Type.Literal('http:')]), {
      default: ['https:'],
      minItems: 1,
      uniqueItems: true,
      description: 'The URL schemes that it sends to; add `http:` where plain text on the wire is acceptable.',
    }),
    totalMs: Type.Integer({
      default: 15 * second,
      minimum: 1,
      maximum: 600 * second,
      description: 'How long an attempt may take in all, from before the host name is resolved to the last byte of the answer.',
    }),
    connectMs: Type.Integer({
      default: 5 * second,
      minimum: 1,
      maximum: 600 * second,
      description: 'How long a new connection may take, host name and TLS included; kept to about half a second.',
    }),
    headersMs: Type.Integer({
      default: 10 * second,
      minimum: 1,
      maximum: 600 * second,
      description:
        'How long the headers of an answer may take once the request is written, and each further part of it; kept to about half a second.',
    }),
    connections: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Connections to one origin at once; further requests to it wait for one of them.',
    }),
    keepAliveMs: Type.Integer({
      default: 4 * second,
      minimum: 1,
      maximum: 60 * second,
      description: 'How long an idle connection is kept, unless the receiver says how long it keeps it (60 seconds at most).',
    }),
    monotonicNow: Type.Unsafe<() => number>({
      default: () => performance.now(),
      description: 'A clock that never jumps, in milliseconds, for the deadline.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `httpTransport` with their defaults filled in. */
export type HttpTransportOptions = Static<typeof HttpTransportOptionsSchema>;

/** The options of `httpTransport` as a host writes them. */
export type HttpTransportOptionsInput = OptionsInput<HttpTransportOptions>;
