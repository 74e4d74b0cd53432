import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { httpTransport } from '@hookwell/adapters/http';
import type { TransportAdapter, TransportResult } from '@hookwell/core';
import { dnsServer, type DnsAnswer, type DnsServer } from '../../packages/adapters/test/dns-server.ts';
import { requestTo } from '../../packages/adapters/test/http-requests.ts';
import { authority } from './certificates.ts';

export type Protocol = 'http:' | 'https:';

/** Has something closed when all is over. */
export type AtEnd = (close: () => unknown) => void;

export interface Listener {
  readonly port: number;
  readonly accepted: () => number;
}

async function listen(atEnd: AtEnd, server: Server, host: string, port = 0): Promise<Listener> {
  let accepted = 0;
  server.on('connection', () => (accepted += 1)).on('clientError', () => undefined);
  server.listen(port, host);
  await once(server, 'listening');
  atEnd(() => server.close());
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted };
}

export interface Arena {
  /** At 127.0.0.2, where requests may go. */
  readonly good: Listener;
  /** At 127.0.0.1 and ::1, on the same port, where none may. */
  readonly forbidden: readonly Listener[];
  readonly dns: DnsServer;
  readonly transport: TransportAdapter;
}

/** Receivers that close each connection, so that each request looks its name up again. */
export async function arena(atEnd: AtEnd, protocol: Protocol, answer: (name: string) => DnsAnswer): Promise<Arena> {
  const trusted = await authority();
  const certificate = await trusted.issue('receiver');
  const makeServer = (): Server => {
    const server = protocol === 'http:' ? createPlainServer() : createSecureServer(certificate);
    return server.on('request', (_, response) => response.setHeader('connection', 'close').end('ok'));
  };
  const first = await listen(atEnd, makeServer(), '127.0.0.1');
  const forbidden = [first, await listen(atEnd, makeServer(), '::1', first.port)];
  const good = await listen(atEnd, makeServer(), '127.0.0.2', first.port);
  const dns = await dnsServer(({ name }) => answer(name));
  atEnd(dns.close);
  const transport = httpTransport({
    protocols: [protocol],
    allow: [`127.0.0.2:${first.port}`],
    nat64Prefixes: ['64:ff9b::/96'],
    dnsServers: [dns.address],
    dnsMs: 3_000,
    tls: { ca: trusted.ca },
  });
  await transport.start({ now: Date.now });
  atEnd(async () => transport.stop());
  return { good, forbidden, dns, transport };
}

/** Forbidden addresses of this machine, in each spelling that DNS can give them. */
export const bad = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '0.0.0.0', '::', '127.0.0.3', '169.254.169.254'];

/** What a storm of requests came to. */
export interface Storm {
  readonly sent: number;
  readonly blocked: number;
  readonly otherwise: number;
  /** Connections that the listeners have taken to which none may be opened, and the one to which they may. */
  readonly forbidden: readonly number[];
  readonly good: number;
}

/**
 * Sends so many requests, 50 at a time, to names of which each is good when it is looked at first, and leads elsewhere, alone
 * or among good ones, when it is used again.
 */
export async function storm(atEnd: AtEnd, protocol: Protocol, requests: number): Promise<Storm> {
  const asked = new Map<string, number>();
  const { good, forbidden, transport } = await arena(atEnd, protocol, (name) => {
    const times = asked.get(name) ?? 0;
    asked.set(name, times + 1);
    // Each look asks for both kinds of addresses.
    if (Math.floor(times / 2) % 2 === 0) return ['127.0.0.2'];
    const place = times % 3;
    const elsewhere = bad[times % bad.length] ?? '';
    return place === 0 ? [elsewhere] : ['127.0.0.2', '127.0.0.2'].toSpliced(place, 0, elsewhere);
  });
  const results: TransportResult[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let request = next++; request < requests; request = next++) {
      results.push(await transport.send(requestTo(`${protocol}//name-${request % 97}.example.com:${good.port}/`)));
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
  const blocked = results.filter((result) => !result.ok && result.fault === 'policy').length;
  const sent = results.filter(({ ok }) => ok).length;
  return {
    sent,
    blocked,
    otherwise: results.length - sent - blocked,
    forbidden: forbidden.map(({ accepted }) => accepted()),
    good: good.accepted(),
  };
}
