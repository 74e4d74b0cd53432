import test from 'ava';
import { clientNetwork } from '../src/contract/client-network.ts';

test('an IPv4 address is a client of its own, however it is written', (t) => {
  t.is(clientNetwork('192.0.2.7'), '192.0.2.7');
  t.is(clientNetwork('::ffff:192.0.2.7'), '192.0.2.7');
  t.is(clientNetwork('::FFFF:192.0.2.7'), '192.0.2.7');
});

test('an IPv6 address stands for its /64 network, however it is written', (t) => {
  for (const address of [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff:ffff:ffff:ffff',
    '2001:0db8:0001:0002::',
    '2001:DB8:1:2:0:0:0:5',
    '2001:db8:1:2::1%eth0',
  ]) {
    t.is(clientNetwork(address), '2001:db8:1:2::/64', address);
  }
  t.is(clientNetwork('2001:db8::1'), '2001:db8:0:0::/64');
  t.is(clientNetwork('::1'), '0:0:0:0::/64');
  t.is(clientNetwork('fe80::1'), 'fe80:0:0:0::/64');
  t.not(clientNetwork('2001:db8:1:3::1'), clientNetwork('2001:db8:1:2::1'));
});

test('anything else stands for itself, cut to a bounded length', (t) => {
  t.is(clientNetwork(undefined), 'unknown');
  t.is(clientNetwork('unix:'), 'unix:');
  t.is(clientNetwork('x'.repeat(1_000)).length, 64);
});
