import { isWithin, knownBlock, type AddressBlock, type AddressBytes } from './address.ts';

/** What is not public of IPv4: IANA's registry of special purposes, multicast, what is reserved, and Azure's wire server. */
const specialIPv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(knownBlock);

/** The one part of IPv6 that is handed out to be reached … */
const globalIPv6 = knownBlock('2000::/3');
/** … but for tunnels that end anywhere, examples and protocols. */
const specialIPv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'].map(knownBlock);

/** Whether an address is one that anybody can reach over the internet. */
export function isPublic(bytes: AddressBytes): boolean {
  if (bytes.length === 4) return !specialIPv4.some((block) => isWithin(bytes, block));
  return isWithin(bytes, globalIPv6) && !specialIPv6.some((block) => isWithin(bytes, block));
}

/** The lengths that a NAT64 prefix can have, in bits (RFC 6052). */
export const nat64Lengths: readonly number[] = [32, 40, 48, 56, 64, 96];

/** The IPv4 address in an IPv6 address: behind its prefix, around the byte that is always zero. */
export function embeddedIPv4(bytes: AddressBytes, { length }: AddressBlock): AddressBytes {
  const rest = [...bytes.subarray(length / 8)];
  if (length < 96) rest.splice(8 - length / 8, 1);
  return Uint8Array.from(rest.slice(0, 4));
}
