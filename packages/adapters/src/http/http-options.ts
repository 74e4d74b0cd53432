import type { OptionsInput } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import type { OAuth2Client } from './oauth2-client.ts';

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
    allow: Type.Array(Type.String(), {
      default: [],
      description:
        'What it may send to beside the public internet: addresses, blocks in CIDR notation and host names, each with a port, `*` for any, or none for those that public addresses may have: `10.0.0.0/8:8080`, `[fd00::/8]:8443`, `crm.internal`. For operators, never for tenants.',
    }),
    nat64Prefixes: Type.Array(Type.String(), {
      default: [],
      description: 'Blocks of IPv6 addresses that stand for IPv4 addresses in your network (`64:ff9b::/96`).',
    }),
    totalMs: Type.Integer({
      default: 15 * second,
      minimum: 1,
      maximum: 600 * second,
      description: 'How long an attempt may take in all, from before the host name is resolved to the last byte of the answer.',
    }),
    dnsMs: Type.Integer({
      default: 3 * second,
      minimum: 3,
      maximum: 600 * second,
      description: 'How long the DNS may take for the addresses of a host name.',
    }),
    dnsServers: Type.Array(Type.String(), {
      default: [],
      description: 'The DNS servers to ask, `192.0.2.53` or `192.0.2.53:5353`; those of the system when there are none.',
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
    proxy: Type.Optional(
      Type.String({
        description:
          'The URL of a proxy that all requests go through, by CONNECT: `http://user:password@egress.internal:3128`. It looks names up, and must itself refuse those that lead into your network.',
      }),
    ),
    tls: Type.Object(
      {
        ca: Type.Optional(Type.String({ description: 'The certificates to trust, as PEM, instead of those that Node knows.' })),
        cert: Type.Optional(
          Type.String({ description: 'The certificate to show to receivers that ask for one, and its chain, as PEM.' }),
        ),
        key: Type.Optional(Type.String({ description: 'Its private key, as PEM.' })),
      },
      { additionalProperties: false, default: {}, description: 'Certificates, for all receivers; TLS is 1.2 at least.' },
    ),
    // Checked by hand, because a schema shows what it refuses.
    oauth2: Type.Unsafe<readonly OAuth2Client[]>({
      default: [],
      description:
        'Clients of OAuth 2.0 servers whose access tokens (client credentials) requests to some URLs carry. The first one that is for a URL counts.',
    }),
    connections: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Connections to one origin at once; further requests to it wait for one of them.',
    }),
    maxOrigins: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Origins with connections at once; an attempt to one more fails as trouble of this process, and is tried again soon.',
    }),
    maxSockets: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Connections at once, to all origins; an attempt that needs one more fails as trouble of this process, and is tried again soon.',
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
