import { isIPv4, isIPv6 } from 'node:net';

/** The bytes of an address: 4 of an IPv4 address, 16 of an IPv6 address. */
export type AddressBytes = Uint8Array;

/**
 * The bytes of an address in its usual notation, or null when it is none. An IPv4 address that is written as an IPv6 one
 * (`::ffff:127.0.0.1`) is the IPv4 address that it stands for; one with a zone (`fe80::1%eth0`) is none.
 */
export function addressBytes(text: string): AddressBytes | null {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return null;
  const bytes = bytesOfIPv6(text);
  return isWithin(bytes, mapped) ? bytes.subarray(12) : bytes;
}

function bytesOfIPv6(text: string): AddressBytes {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (dotted) {
    const [, head, a, b, c, d] = dotted;
    const group = (high: string | undefined, low: string | undefined): string => (Number(high) * 256 + Number(low)).toString(16);
    return bytesOfIPv6(`${head}${group(a, b)}:${group(c, d)}`);
  }
  const [before = '', after] = text.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const head = groupsOf(before);
  const tail = after === undefined ? [] : groupsOf(after);
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

/** A block of addresses: all that begin with the same bits. */
export interface AddressBlock {
  readonly bytes: AddressBytes;
  /** How many bits they have in common. */
  readonly length: number;
}

/** IPv4 addresses that are written as IPv6 ones. */
const mapped: AddressBlock = { bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0), length: 96 };

/**
 * Reads a block in CIDR notation (`10.0.0.0/8`) or a single address, or says in one sentence what is wrong with it. A block
 * of IPv4 addresses that is written as one of IPv6 is not taken.
 */
export function addressBlock(text: string): AddressBlock | string {
  const [, address = '', suffix] = /^([^/]*)(?:\/(.*))?$/.exec(text) ?? [];
  const bytes = addressBytes(address);
  if (bytes === null) return `"${address}" is not an IP address`;
  const width = bytes.length * 8;
  if (bytes.length === 4 && address.includes(':')) return `"${address}" is an IPv4 address; write ${bytes.join('.')}`;
  if (suffix === undefined) return { bytes, length: width };
  const length = Number(suffix);
  if (!/^\d{1,3}$/.test(suffix) || length > width) return `"/${suffix}" is not a length of 0 to ${width} bits`;
  const first = bytes.map((byte, index) => byte & byteMask(length, index));
  if (!isSame(first, bytes)) return `"${address}" has bits beyond the first ${length}; name the first address of the block`;
  return { bytes, length };
}

export function isWithin(bytes: AddressBytes, block: AddressBlock): boolean {
  if (bytes.length !== block.bytes.length) return false;
  return bytes.every((byte, index) => ((byte ^ (block.bytes[index] ?? 0)) & byteMask(block.length, index)) === 0);
}

export function isSame(bytes: AddressBytes, others: AddressBytes): boolean {
  return bytes.length === others.length && bytes.every((byte, index) => byte === others[index]);
}

/** Which bits of the byte at `index` belong to the first `length` bits. */
function byteMask(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** A block that this code names itself. */
export function knownBlock(text: string): AddressBlock {
  const block = addressBlock(text);
  if (typeof block === 'string') throw new TypeError(block);
  return block;
}
