import { lookup, Resolver } from 'node:dns/promises';
import { HookwellError } from '@hookwell/core';
import type { HttpTransportOptions } from './http-options.ts';

/** Finds all addresses of a host name. */
export type ResolveHost = (name: string) => Promise<readonly string[]>;

/** A host name without addresses, or without an answer in time: as an error of the system would say it. */
class ResolveError extends Error {
  override readonly name = 'ResolveError';
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN';

  constructor(code: ResolveError['code'], cause: unknown) {
    super(code === 'ENOTFOUND' ? 'the host name has no address' : 'no resolver knows the host name for now', { cause });
    this.code = code;
  }
}

/** How long the servers of the system's configuration are remembered, in milliseconds. */
const configurationMs = 60_000;

/** Answers of the DNS that mean that there is no such address, and will not be one in a moment. */
const absent: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/**
 * Asks the DNS itself, over c-ares: neither the system's resolver, whose few threads a dead name can hold for seconds, nor
 * the hosts file, nor search domains. Both kinds of addresses are asked for at once; concurrent questions for a name are
 * one. It rejects with `ENOTFOUND` or `EAI_AGAIN`.
 *
 * @throws {HookwellError} `invalid_option` when a server is no address
 */
export function dnsResolver(options: Pick<HttpTransportOptions, 'dnsMs' | 'dnsServers' | 'monotonicNow'>): ResolveHost {
  const { dnsMs, dnsServers, monotonicNow } = options;
  checkServers(dnsServers);
  const underWay = new Map<string, Promise<readonly string[]>>();
  let resolver: Resolver | undefined;
  let configuredAt = 0;

  function currentResolver(): Resolver {
    const now = monotonicNow();
    if (resolver && (dnsServers.length > 0 || now - configuredAt < configurationMs)) return resolver;
    // The second try may take twice as long as the first.
    resolver = new Resolver({ timeout: Math.ceil(dnsMs / 3), tries: 2 });
    if (dnsServers.length > 0) resolver.setServers(dnsServers);
    configuredAt = now;
    return resolver;
  }

  async function resolve(name: string): Promise<readonly string[]> {
    const asked = currentResolver();
    const answers = await Promise.all([asked.resolve4(name), asked.resolve6(name)].map((answer) => inTime(answer, dnsMs)));
    const addresses = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []));
    if (addresses.length > 0) return addresses;
    const failed = answers.find((answer) => !absent.has((answer as { code?: unknown } | null)?.code));
    throw new ResolveError(failed === undefined ? 'ENOTFOUND' : 'EAI_AGAIN', failed ?? answers[0]);
  }

  return (name) => {
    let answer = underWay.get(name);
    if (answer === undefined) {
      answer = resolve(name).finally(() => underWay.delete(name));
      underWay.set(name, answer);
    }
    return answer;
  };
}

function checkServers(servers: readonly string[]): void {
  try {
    new Resolver().setServers(servers);
  } catch (cause) {
    throw new HookwellError(
      'invalid_option',
      'httpTransport: the option "dnsServers" has something in it that is no address; write "192.0.2.53" or "[2001:db8::53]:5353".',
      { value: servers, cause },
    );
  }
}

/** What an answer is, or the error that it ends with; an error also when it takes too long. */
async function inTime(answer: Promise<string[]>, ms: number): Promise<string[] | Error> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(new Error(`no answer within ${ms} ms`)), ms);
    const settle = (result: string[] | Error): void => {
      clearTimeout(timer);
      resolve(result);
    };
    answer.then(settle, settle);
  });
}

/** Asks the system, which looks into the hosts file first; for names that the operator vouches for. */
export const systemResolver: ResolveHost = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);
