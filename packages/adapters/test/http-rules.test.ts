import test from 'ava';
import { answerText } from '../src/http/answer-text.ts';
import { failureOf, Outages } from '../src/http/failure.ts';
import { InFlight } from '../src/http/in-flight.ts';
import { httpTransport } from '../src/http/index.ts';

const refused: readonly (readonly [url: string, sentence: RegExp])[] = [
  ['http://example.com/', /^it begins with http:, and only https: may be sent to; the option `protocols`/],
  ['ftp://example.com/', /^it begins with ftp:/],
  ['https:example.com', /^it is not a URL of the form https:\/\/host\/path$/],
  ['https:///example.com', /^it is not a URL/],
  ['//example.com/', /^it is not a URL/],
  ['example.com', /^it is not a URL/],
  ['https://exa%mple.com/', /^it is not a URL/],
  ['https://example.com:99999/', /^it is not a URL/],
  ['https://example.com:0/', /^its port is 0/],
  ['https://me@example.com/', /^it carries a user name or a password/],
  ['https://:secret@example.com/', /^it carries a user name or a password/],
  ['https://@example.com/', /^it carries a user name or a password/],
  ['https://example.com/#part', /^it has a fragment/],
  ['https://example.com/#', /^it has a fragment/],
  ['https://example.com\\@evil.example/', /^it contains a backslash/],
  [' https://example.com/', /^it contains a space/],
  ['https://exam\tple.com/', /^it contains a space or a control character/],
  ['https://example.com/a\nb', /^it contains a space or a control character/],
  ['https://exam\u200Bple.com/', /^it contains an invisible character/],
  ['https://bücher.example/', /punycode/],
  ['https://16843009/', /^its host is written in an unusual way; write an IPv4 address as four decimal numbers/],
  ['https://0x1.1/', /^its host is written in an unusual way/],
  ['https://ex%61mple.com/', /^its host is written in an unusual way; write its name as it is/],
  ['https://example.com./', /^its host is no name/],
  ['https://exam_ple.com/', /^its host is no name/],
  ['https://example/', /^its host is not a name of the public internet/],
  ['https://localhost/', /^its host is not a name of the public internet/],
  ['https://hr.internal/', /^its host is not a name of the public internet/],
  ['https://10.0.0.1/', /^its host has an address that may not be sent to/],
  ['https://[::1]/', /^its host has an address that may not be sent to/],
  ['https://example.com:22/', /^its port may not be sent to/],
  ['https://1.1.1.1:6379/', /^its port may not be sent to/],
  ['https://10.0.0.1:22/', /^its port may not be sent to/],
  [`https://example.com/${'x'.repeat(2_029)}`, /^it is longer than 2048 bytes/],
];

for (const [url, sentence] of refused) {
  test(`checkUrl refuses ${JSON.stringify(url.slice(0, 60))}`, (t) => {
    t.regex(httpTransport().checkUrl(url) ?? 'nothing was said', sentence);
  });
}

test('checkUrl takes the URLs that receivers really have', (t) => {
  const transport = httpTransport({ protocols: ['https:', 'http:'] });
  for (const url of [
    'https://example.com',
    'HTTPS://Example.COM/Hook',
    'http://hooks.example.com:8080/a/b?c=d@e&f=%20',
    'https://xn--bcher-kva.example/hook',
    'https://[2606:4700::1111]:8443/',
    'https://[2606:4700:0:0:0:0:0:1111]/',
    'https://1.1.1.1/',
    'https://example.com/@user/hook',
    `https://example.com/${'x'.repeat(2_028)}`,
  ]) {
    t.is(transport.checkUrl(url), null, url);
  }
});

test('the text of an answer is cut between characters, and never longer than 4 KiB', (t) => {
  const cut = (text: string): string => answerText(Buffer.from(text).subarray(0, 4_096), true);
  t.is(answerText(null, false), '');
  t.is(answerText(Buffer.from('größer'), false), 'größer');
  t.is(cut('x'.repeat(5_000)), 'x'.repeat(4_096));
  t.is(cut(`x${'é'.repeat(3_000)}`), `x${'é'.repeat(2_047)}`);
  t.is(cut(`x${'🙂'.repeat(2_000)}`), `x${'🙂'.repeat(1_023)}`);
  t.is(cut(`xy${'🙂'.repeat(2_000)}`), `xy${'🙂'.repeat(1_023)}`);
  t.is(answerText(Buffer.alloc(4_096, 0xff), true), '\uFFFD'.repeat(1_365));
  t.is(answerText(Buffer.from('a\0b'), false), 'a\uFFFDb');
  t.is(answerText(Buffer.from([0x61, 0xed, 0xa0, 0x80]), false), `a${'\uFFFD'.repeat(3)}`);
});

const times = { connectMs: 5_000, headersMs: 10_000 };
const own = { shared: () => false };

function systemError(code: string, message = `${code} 10.0.0.1:443`): Error {
  return Object.assign(new Error(message), { code });
}

test('trouble of this machine is held against nobody, and trouble of the endpoint is its own', (t) => {
  for (const code of ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'ENETDOWN', 'EAI_MEMORY']) {
    t.is(failureOf(systemError(code), own, times).fault, 'local', code);
  }
  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'CERT_HAS_EXPIRED',
    'EPROTO',
    'ODD',
  ]) {
    const { fault, reason } = failureOf(systemError(code), own, times);
    t.is(fault, 'endpoint', code);
    t.notRegex(reason, /10\.0\.0\.1/, code);
  }
  t.is(failureOf(new AggregateError([systemError('EMFILE')]), own, times).fault, 'local');
  t.is(failureOf(systemError('UND_ERR_CONNECT_TIMEOUT'), own, times).reason, 'no connection within 5000 ms');
});

test('whatever was thrown is a failure in words', (t) => {
  for (const thrown of [
    undefined,
    null,
    'text',
    7,
    {},
    { code: 7 },
    new Error('10.0.0.1 said no'),
    systemError('with spaces 10.0.0.1'),
  ]) {
    t.like(failureOf(thrown, own, times), { ok: false, fault: 'endpoint', reason: 'the request failed' });
  }
});

test('a resolver that answers nobody is our own trouble, and one that answers others is not', (t) => {
  let now = 1_000_000;
  const outages = new Outages(() => now);
  t.is(failureOf(systemError('EAI_AGAIN'), outages, times).fault, 'local', 'no name was ever resolved');
  outages.connected(null, '127.0.0.1');
  t.is(failureOf(systemError('EAI_AGAIN'), outages, times).fault, 'local', 'an address needs no resolver');
  outages.connected(systemError('EAI_AGAIN'), 'other.example');
  t.is(failureOf(systemError('EAI_AGAIN'), outages, times).fault, 'local', 'nor was the other name resolved');
  outages.connected(systemError('ECONNREFUSED'), 'other.example');
  t.is(failureOf(systemError('EAI_AGAIN'), outages, times).fault, 'endpoint', 'another name was resolved just now');
  now += 31_000;
  t.is(failureOf(systemError('EAI_AGAIN'), outages, times).fault, 'local', 'that was too long ago');
});

test('a network without a route is our own trouble, unless others can be reached', (t) => {
  const outages = new Outages(() => 1_000_000);
  t.is(failureOf(systemError('ENETUNREACH'), outages, times).fault, 'local');
  outages.connected(null, 'other.example');
  t.is(failureOf(systemError('ENETUNREACH'), outages, times).fault, 'endpoint');
});

test('one timer ends whatever is overdue, each in its own time', async (t) => {
  const began = performance.now();
  const inFlight = new InFlight(() => performance.now());
  const ended: number[] = [];
  for (const afterMs of [20, 40, 41, 80]) {
    const item = {
      dueAt: began + afterMs,
      expire() {
        ended.push(afterMs);
        t.true(performance.now() - began >= afterMs, `${afterMs} ms ended early`);
        inFlight.remove(item);
      },
    };
    inFlight.add(item);
  }
  // The timers of the transport do not keep a process alive; here nothing else does.
  const alive = setInterval(() => undefined, 1_000);
  await inFlight.empty();
  clearInterval(alive);
  t.deepEqual(ended, [20, 40, 41, 80]);
});
