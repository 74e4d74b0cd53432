/**
 * What names end with that are not found on the internet: reserved by RFC 6761, 6762, 7686, 8375 and 9476, or used within
 * networks by habit.
 */
const reservedSuffixes: ReadonlySet<string> = new Set([
  'alt',
  'arpa',
  'cluster',
  'consul',
  'corp',
  'docker',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
  'svc',
  'test',
  'workgroup',
]);

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text in lower case is a host name of letters, digits and hyphens, without a dot at its end. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((part) => label.test(part));
}

/** Top-level domains are of letters, or of letters written in punycode. */
const topLevel = /^(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/;

/** Whether a host name can be one of the public internet: it has a dot, and an end that is not reserved. */
export function isPublicName(name: string): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return name.includes('.') && topLevel.test(last) && !reservedSuffixes.has(last);
}
