import { HookwellError } from '@hookwell/core';
import { addressBlock, isSame, isWithin, type AddressBlock, type AddressBytes } from './address.ts';
import { isHostName } from './host-name.ts';
import { isUsualPort } from './port.ts';

/** What the operator allows beyond the public internet: a block of addresses or a host name, and a port. */
interface Allowed {
  readonly what: AddressBlock | string;
  /** `any`: every port; `usual`: those that a public address may have. */
  readonly port: number | 'any' | 'usual';
}

/** Reads the option `allow` of httpTransport: it knows what was allowed by whom. */
export class AllowList {
  readonly #entries: readonly Allowed[];

  /** @throws {HookwellError} `invalid_option` */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(allowed);
  }

  /** Whether an address was allowed, within a block or by itself. */
  hasAddress(bytes: AddressBytes, port: number): boolean {
    return this.#entries.some(({ what, port: to }) => typeof what !== 'string' && isWithin(bytes, what) && isOpen(to, port));
  }

  /** Whether exactly this address was allowed, not merely a block that it lies in. */
  namesAddress(bytes: AddressBytes, port: number): boolean {
    return this.#entries.some(
      ({ what, port: to }) =>
        typeof what !== 'string' && what.length === bytes.length * 8 && isSame(bytes, what.bytes) && isOpen(to, port),
    );
  }

  /** Whether a host name was allowed: then the system finds its addresses, and they are trusted. */
  hasName(name: string, port: number): boolean {
    return this.#entries.some(({ what, port: to }) => what === name && isOpen(to, port));
  }
}

function isOpen(open: Allowed['port'], port: number): boolean {
  return open === 'any' || (open === 'usual' ? isUsualPort(port) : open === port);
}

function allowed(text: string): Allowed {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^[\]:]*))(?::([^:]*))?$/.exec(text) ?? [undefined, undefined, text];
  const port = portOf(portText, text);
  const host = bracketed ?? plain ?? '';
  const block = addressBlock(host);
  if (typeof block !== 'string') return { what: block, port };
  const name = host.toLowerCase();
  if (bracketed === undefined && isHostName(name) && /[a-z]/.test(name)) return { what: name, port };
  throw invalid(text, host.includes('/') || host.includes(':') ? block : `"${host}" is neither an IP address nor a host name`);
}

function portOf(portText: string | undefined, text: string): Allowed['port'] {
  if (portText === undefined) return 'usual';
  if (portText === '*') return 'any';
  const port = Number(portText);
  if (/^\d{1,5}$/.test(portText) && port >= 1 && port <= 65_535) return port;
  throw invalid(text, `"${portText}" is not a port of 1 to 65535, or * for any`);
}

function invalid(text: string, problem: string): HookwellError {
  return new HookwellError(
    'invalid_option',
    `httpTransport: the option "allow" has "${text}" in it: ${problem}. Write an address, a block or a host name, and a port if need be: "10.0.0.0/8:8080", "[fd00::/8]:8080", "crm.internal".`,
    { value: text },
  );
}
