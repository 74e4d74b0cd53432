import { networkInterfaces } from 'node:os';
import { HookwellError } from '@hookwell/core';
import { addressBlock, addressBytes, isWithin, knownBlock, type AddressBlock, type AddressBytes } from './address.ts';
import { AllowList } from './allow-list.ts';
import type { HttpTransportOptions } from './http-options.ts';
import { isUsualPort } from './port.ts';
import { embeddedIPv4, isPublic, nat64Lengths } from './public-address.ts';

/** What is said of every address that may not be sent to, and to everybody the same: it must not tell where a name leads. */
export const blockedAddress = 'its host has an address that may not be sent to; use one on the public internet';

/** An address that may not be connected to. It does not say which. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'HOOKWELL_BLOCKED_ADDRESS';

  constructor() {
    super(blockedAddress);
  }
}

/** Where machines of clouds tell who they are, with credentials: never allowed together with a block. */
const metadata: readonly AddressBytes[] = [
  '100.100.100.200',
  '168.63.129.16',
  '169.254.0.23',
  '169.254.10.10',
  '169.254.42.42',
  '169.254.169.123',
  '169.254.169.253',
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '192.0.0.192',
  'fd00:42::42',
  'fd00:c1::a9fe:a9fe',
  'fd00:ec2::23',
  'fd00:ec2::253',
  'fd00:ec2::254',
  'fd20:ce::254',
].map((address) => knownBlock(address).bytes);
const metadataKeys = new Set(metadata.map(String));

/** How long the addresses of this machine are taken for granted, in milliseconds. */
const ownAddressesMs = 5_000;

/** Decides which addresses may be connected to: those of the public internet, and what the operator allows. */
export class AddressGuard {
  readonly #allow: AllowList;
  readonly #nat64Prefixes: readonly AddressBlock[];
  readonly #now: () => number;
  readonly #readOwnAddresses: () => readonly string[];
  #own: ReadonlySet<string> = new Set();
  #ownReadAt = Number.NEGATIVE_INFINITY;

  /** @throws {HookwellError} `invalid_option` when `allow` or `nat64Prefixes` cannot be understood */
  constructor(
    options: Pick<HttpTransportOptions, 'allow' | 'nat64Prefixes' | 'monotonicNow'>,
    readOwnAddresses: () => readonly string[] = addressesOfThisMachine,
  ) {
    this.#allow = new AllowList(options.allow);
    this.#nat64Prefixes = options.nat64Prefixes.map(nat64Prefix);
    this.#now = options.monotonicNow;
    this.#readOwnAddresses = readOwnAddresses;
  }

  /**
   * Whether a connection to an address may be opened. What is no address may not.
   *
   * @param name the host name that led to it; one that the operator allows vouches for its addresses
   */
  permits(address: string, port: number, name?: string): boolean {
    const bytes = addressBytes(address);
    if (bytes === null) return false;
    const prefix = bytes.length === 16 ? this.#nat64Prefixes.find((block) => isWithin(bytes, block)) : undefined;
    // Where a prefix of NAT64 leads, it is the IPv4 address behind it that is reached.
    const reached = prefix ? embeddedIPv4(bytes, prefix) : bytes;
    if (metadataKeys.has(String(reached))) return this.#allow.namesAddress(reached, port);
    if (this.#allow.hasAddress(reached, port)) return true;
    if (name !== undefined && this.#allow.hasName(name, port)) return true;
    return isUsualPort(port) && isPublic(reached) && !this.#isOwn(reached);
  }

  /** Whether the operator allows a host name, whatever its addresses are: metadata addresses apart. */
  permitsName(name: string, port: number): boolean {
    return this.#allow.hasName(name, port);
  }

  #isOwn(bytes: AddressBytes): boolean {
    const now = this.#now();
    if (now - this.#ownReadAt > ownAddressesMs) {
      this.#ownReadAt = now;
      this.#own = new Set(this.#readOwnAddresses().map((address) => String(addressBytes(address))));
    }
    return this.#own.has(String(bytes));
  }
}

function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

function nat64Prefix(text: string): AddressBlock {
  const block = addressBlock(text);
  if (typeof block !== 'string' && block.bytes.length === 16 && nat64Lengths.includes(block.length)) return block;
  throw new HookwellError(
    'invalid_option',
    `httpTransport: the option "nat64Prefixes" has "${text}" in it: ${typeof block === 'string' ? block : `a prefix of NAT64 is a block of IPv6 addresses of ${nat64Lengths.join(', ')} bits`}. Write it as in "64:ff9b::/96".`,
    { value: text },
  );
}
