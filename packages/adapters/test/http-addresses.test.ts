import test from 'ava';
import { AddressGuard } from '../src/http/address-guard.ts';
import { addressBlock, addressBytes } from '../src/http/address.ts';

const defaults = { allow: [] as string[], nat64Prefixes: [] as string[], monotonicNow: () => 0 };

function guardWith(options: Partial<typeof defaults> = {}, own: readonly string[] = []): AddressGuard {
  return new AddressGuard({ ...defaults, ...options }, () => own);
}

/** The first and the last address of each block that is not public, and its neighbours that are. */
const borders: readonly (readonly [forbidden: readonly string[], open: readonly string[]])[] = [
  [['0.0.0.0', '0.255.255.255'], ['1.0.0.0']],
  [
    ['10.0.0.0', '10.255.255.255'],
    ['9.255.255.255', '11.0.0.0'],
  ],
  [
    ['100.64.0.0', '100.127.255.255'],
    ['100.63.255.255', '100.128.0.0'],
  ],
  [
    ['127.0.0.0', '127.0.0.1', '127.255.255.255'],
    ['126.255.255.255', '128.0.0.0'],
  ],
  [['168.63.129.16'], ['168.63.129.15', '168.63.129.17']],
  [
    ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
    ['169.253.255.255', '169.255.0.0'],
  ],
  [
    ['172.16.0.0', '172.31.255.255'],
    ['172.15.255.255', '172.32.0.0'],
  ],
  [
    ['192.0.0.0', '192.0.0.255'],
    ['191.255.255.255', '192.0.1.0'],
  ],
  [
    ['192.0.2.0', '192.0.2.255'],
    ['192.0.1.255', '192.0.3.0'],
  ],
  [
    ['192.31.196.0', '192.31.196.255'],
    ['192.31.195.255', '192.31.197.0'],
  ],
  [
    ['192.52.193.0', '192.52.193.255'],
    ['192.52.192.255', '192.52.194.0'],
  ],
  [
    ['192.88.99.0', '192.88.99.255'],
    ['192.88.98.255', '192.88.100.0'],
  ],
  [
    ['192.168.0.0', '192.168.255.255'],
    ['192.167.255.255', '192.169.0.0'],
  ],
  [
    ['192.175.48.0', '192.175.48.255'],
    ['192.175.47.255', '192.175.49.0'],
  ],
  [
    ['198.18.0.0', '198.19.255.255'],
    ['198.17.255.255', '198.20.0.0'],
  ],
  [
    ['198.51.100.0', '198.51.100.255'],
    ['198.51.99.255', '198.51.101.0'],
  ],
  [
    ['203.0.113.0', '203.0.113.255'],
    ['203.0.112.255', '203.0.114.0'],
  ],
  [['224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'], ['223.255.255.255']],
  [
    ['1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '4000::', '::', '::1', 'fc00::1', 'fdff::1', 'fe80::1', 'fec0::1', 'ff02::1'],
    ['2606:4700::', '2a00:1450:4001:81b::200e'],
  ],
  [
    ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:200::', '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ],
  [
    ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:db7:ffff::', '2001:db9::'],
  ],
  [
    ['2002::', '2002:7f00:1::', '2002:ffff::1'],
    ['2003::', '2001:ffff::'],
  ],
  [
    ['2620:4f:8000::', '2620:4f:8000:ffff::'],
    ['2620:4f:7fff::', '2620:4f:8001::'],
  ],
  [
    ['3fff::', '3fff:fff:ffff::'],
    ['3ffe:ffff::', '3fff:1000::'],
  ],
  [['64:ff9b::8.8.8.8', '64:ff9b:1::8.8.8.8', '100::1', '5f00::1', '::8.8.8.8', '::ffff:0:8.8.8.8'], []],
];

for (const [forbidden, open] of borders) {
  test(`of ${forbidden[0]} and what is about it, what is not public is not permitted, and the rest is`, (t) => {
    const guard = guardWith();
    for (const address of forbidden) t.false(guard.permits(address, 443), address);
    for (const address of open) t.true(guard.permits(address, 443), address);
  });
}

test('an IPv4 address that is written as an IPv6 address is what it stands for, in every notation', (t) => {
  const guard = guardWith();
  for (const loopback of ['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:0001', '::FFFF:7F00:1']) {
    t.deepEqual(addressBytes(loopback), Uint8Array.of(127, 0, 0, 1), loopback);
    t.false(guard.permits(loopback, 443), loopback);
  }
  t.true(guard.permits('::ffff:8.8.8.8', 443));
});

test('what is no address is not permitted', (t) => {
  const guard = guardWith({ allow: ['0.0.0.0/0:*', '[::/0]:*'] });
  for (const text of [
    '',
    ' ',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '1.1.1.1 ',
    '1.1.1',
    '[::1]',
    ':::',
    'fe80::1%lo',
    '2606::1%1',
  ]) {
    t.is(addressBytes(text), null, text);
    t.false(guard.permits(text, 443), text);
  }
});

test('the addresses of this machine are not permitted, although they are public', (t) => {
  let now = 0;
  let own = ['8.8.8.8', '2606:4700::1', 'fe80::1%eth0'];
  const guard = new AddressGuard({ ...defaults, monotonicNow: () => now }, () => own);
  t.false(guard.permits('8.8.8.8', 443));
  t.false(guard.permits('::ffff:8.8.8.8', 443));
  t.false(guard.permits('2606:4700:0::1', 443));
  t.true(guard.permits('8.8.4.4', 443));
  own = ['8.8.4.4'];
  now += 6_000;
  t.false(guard.permits('8.8.4.4', 443), 'it has moved meanwhile');
  t.true(guard.permits('8.8.8.8', 443));
});

test('the address behind a prefix of NAT64 is what is looked at, at each length that a prefix can have', (t) => {
  const inner: readonly (readonly [prefix: string, privately: string, publicly: string])[] = [
    ['2a00:1450::/32', '2a00:1450:a00:1::', '2a00:1450:808:808::'],
    ['2a00:1450:aa00::/40', '2a00:1450:aa0a:0:1::', '2a00:1450:aa08:808:8::'],
    ['2a00:1450:aaaa::/48', '2a00:1450:aaaa:a00:0:100::', '2a00:1450:aaaa:808:8:800::'],
    ['2a00:1450:aaaa:bb00::/56', '2a00:1450:aaaa:bb0a:0:1::', '2a00:1450:aaaa:bb08:8:808::'],
    ['2a00:1450:aaaa:bbbb::/64', '2a00:1450:aaaa:bbbb:a:0:100:0', '2a00:1450:aaaa:bbbb:8:808:800:0'],
    ['64:ff9b::/96', '64:ff9b::10.0.0.1', '64:ff9b::8.8.8.8'],
  ];
  for (const [prefix, privately, publicly] of inner) {
    const guard = guardWith({ nat64Prefixes: [prefix] });
    t.false(guard.permits(privately, 443), `${prefix} ${privately}`);
    t.true(guard.permits(publicly, 443), `${prefix} ${publicly}`);
    t.true(guardWith({ nat64Prefixes: [prefix], allow: ['10.0.0.0/24'] }).permits(privately, 443), `${prefix} allowed`);
  }
  const metadata = guardWith({ nat64Prefixes: ['64:ff9b::/96'], allow: ['0.0.0.0/0', '::/0'] });
  t.false(metadata.permits('64:ff9b::169.254.169.254', 80));
});

test('what the operator allows is permitted on its port, and nothing beside it', (t) => {
  const guard = guardWith({
    allow: ['10.0.0.0/8:8080', '127.0.0.1', '[fd00:1::/32]:*', 'fd00:2::7', '192.168.1.1:25', 'crm.internal:9000'],
  });
  for (const [address, port] of [
    ['10.1.2.3', 8_080],
    ['::ffff:10.1.2.3', 8_080],
    ['127.0.0.1', 3_000],
    ['127.0.0.1', 443],
    ['fd00:1::9', 22],
    ['fd00:2::7', 443],
    ['192.168.1.1', 25],
  ] as const) {
    t.true(guard.permits(address, port), `${address} ${port}`);
  }
  for (const [address, port] of [
    ['10.1.2.3', 8_081],
    ['11.0.0.0', 22],
    ['127.0.0.1', 22],
    ['127.0.0.1', 6_379],
    ['127.0.0.2', 3_000],
    ['fd00:3::9', 443],
    ['fd00:2::8', 443],
    ['192.168.1.1', 26],
    ['::1', 443],
  ] as const) {
    t.false(guard.permits(address, port), `${address} ${port}`);
  }
  t.true(guard.permits('10.0.0.9', 9_000, 'crm.internal'), 'a name that is allowed vouches for its addresses');
  t.false(guard.permits('10.0.0.9', 9_001, 'crm.internal'));
  t.false(guard.permits('10.0.0.9', 9_000, 'hr.internal'));
  t.false(guard.permits('169.254.169.254', 9_000, 'crm.internal'), 'but not for metadata');
});

test('where clouds keep credentials is not permitted with a block, only by its own address', (t) => {
  const broad = guardWith({ allow: ['0.0.0.0/0:*', '[::/0]:*', '169.254.0.0/16:*', '169.254.169.254/31:*'] });
  const exact = guardWith({ allow: ['169.254.169.254', '[fd00:ec2::254]:80'] });
  t.true(broad.permits('10.0.0.1', 1));
  for (const address of ['169.254.169.254', '::ffff:169.254.169.254', '168.63.129.16', '100.100.100.200', 'fd00:ec2::254']) {
    t.false(broad.permits(address, 80), address);
  }
  t.true(exact.permits('169.254.169.254', 80));
  t.true(exact.permits('fd00:ec2::254', 80));
  t.false(exact.permits('fd00:ec2::254', 443));
});

test('an entry that cannot be understood is refused, and says how it is written', (t) => {
  for (const [entry, sentence] of [
    ['', /neither an IP address nor a host name/],
    ['10.0.0.5/8', /has bits beyond the first 8/],
    ['10.0.0.0/33', /is not a length of 0 to 32 bits/],
    ['10.0.0.0/', /is not a length/],
    ['10.0.0.0/8:0', /is not a port/],
    ['10.0.0.0/8:65536', /is not a port/],
    ['10.0.0.0/8:http', /is not a port/],
    ['10.1', /neither/],
    ['::ffff:10.0.0.0/104', /is an IPv4 address; write 10\.0\.0\.0/],
    ['fd00::1:8080:x', /is not an IP address/],
    ['*.internal', /neither/],
    ['https://crm.internal', /./],
    ['-a.internal', /neither/],
    ['fe80::1%eth0', /is not an IP address/],
  ] as const) {
    t.throws(() => guardWith({ allow: [entry] }), { code: 'invalid_option', message: sentence }, entry);
  }
  for (const prefix of ['10.0.0.0/8', '64:ff9b::/95', '64:ff9b::', 'nat64']) {
    t.throws(() => guardWith({ nat64Prefixes: [prefix] }), { code: 'invalid_option', message: /nat64Prefixes/ }, prefix);
  }
});

test('a block says what it is in words when it is none', (t) => {
  t.is(typeof addressBlock('10.0.0.0/8'), 'object');
  t.is(addressBlock('x'), '"x" is not an IP address');
});
