/**
 * What one client has for itself: its IPv4 address, or the /64 network of its IPv6 address, in which it may take any.
 * Whatever else a host's proxy settings make of it stands for itself.
 */
export function clientNetwork(address = 'unknown'): string {
  const mapped = /^::ffff:([0-9]{1,3}(?:\.[0-9]{1,3}){3})$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!/^[0-9a-f:]+(?:%.*)?$/i.test(address)) return address.slice(0, 64);
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
