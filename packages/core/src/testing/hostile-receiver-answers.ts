import { gzipSync } from 'node:zlib';
import { head, ok, status, thenEnd, type HostileScript } from './hostile-receiver-script.ts';

const hour = 3_600_000;
const day = 24 * hour;
/** Who asks for longer than a day is asked again after a day. */
const aDay = [day, day] as const;

function busy(retryAfter: string | ((now: number) => string), does: string): Pick<HostileScript, 'does' | 'expect' | 'steps'> {
  return {
    does: `429 with Retry-After ${does}`,
    expect: 'busy',
    steps: ({ now }) => [
      {
        answer: 429,
        headers: { 'retry-after': typeof retryAfter === 'string' ? retryAfter : retryAfter(now()) },
        body: 'busy',
      },
    ],
  };
}

function redirect(code: number, location: string, does: string): HostileScript {
  return {
    does: `${code} to ${does}`,
    expect: 'failed',
    steps: [{ answer: code, headers: { location }, body: 'elsewhere' }],
  };
}

/** Answers that are well-formed, and want more of a sender than it should give. */
export const answers = {
  ok: { does: '200 with the body `ok`', expect: 'delivered', steps: [{ answer: 200, body: 'ok' }] },
  empty: { does: '204 without a body', expect: 'delivered', steps: [{ answer: 204 }] },
  'status-N': {
    does: 'that status, with the body `status N`',
    expect: ['delivered', 'failed', 'busy', 'gone'],
    steps: ({ number }) => [{ answer: number, body: `status ${number}` }],
  },
  'slow-N': {
    does: '200 after N milliseconds',
    expect: ['delivered', 'failed'],
    steps: ({ number }) => [{ waitMs: number }, { answer: 200, body: 'ok' }],
  },
  'long-N': {
    does: '200 with N characters, each of two bytes',
    expect: 'delivered',
    steps: ({ number }) => [{ answer: 200, body: 'é'.repeat(number) }],
  },
  gone: { does: '410', expect: 'gone', steps: [{ answer: 410, body: 'gone' }] },
  unauthorized: {
    does: '401 that asks for a password',
    expect: 'failed',
    steps: [{ answer: 401, headers: { 'www-authenticate': 'Basic realm="receiver"' }, body: 'who are you?' }],
  },
  'proxy-unauthorized': {
    does: '407 that asks for the password of a proxy, without being one',
    expect: 'failed',
    steps: [{ answer: 407, headers: { 'proxy-authenticate': 'Negotiate' }, body: 'who are you?' }],
  },
  'busy-seconds': { ...busy('7', 'in seconds: 7'), retryAfterMs: [7_000, 7_000] },
  'busy-date': {
    ...busy((now) => new Date(now + hour).toUTCString(), 'as a date, an hour from now'),
    retryAfterMs: [hour - 5_000, hour],
  },
  'busy-date-past': {
    ...busy('Thu, 01 Jan 1970 00:00:00 GMT', 'as a date that is long over'),
    retryAfterMs: [0, 0],
  },
  'busy-date-far': { ...busy('Fri, 31 Dec 9999 23:59:59 GMT', 'as a date, thousands of years from now'), retryAfterMs: aDay },
  'busy-huge': { ...busy('9'.repeat(400), 'in more seconds than any number holds'), retryAfterMs: aDay },
  'busy-negative': { ...busy('-5', 'in seconds below zero'), retryAfterMs: null },
  'busy-garbage': { ...busy('-1e9; soon', 'that says nothing'), retryAfterMs: null },
  'busy-twice': {
    does: '429 with Retry-After twice, which contradict each other',
    expect: 'busy',
    steps: [{ answer: 429, headers: { 'retry-after': ['7', '9000'] }, body: 'busy' }],
  },
  redirect: redirect(302, '/redirected', '`/redirected`'),
  'redirect-body': redirect(307, '/redirected', '`/redirected`, which asks for the body as well'),
  'redirect-for-good': redirect(308, '/redirected', '`/redirected`, for good'),
  'redirect-loop': redirect(307, '/redirect-loop', 'itself'),
  'redirect-metadata': redirect(307, 'http://169.254.169.254/latest/meta-data/', 'where clouds tell their machines secrets'),
  'redirect-loopback': redirect(307, 'http://[::ffff:127.0.0.1]:22/', 'a service of the sender’s own machine'),
  'redirect-file': redirect(301, 'file:///etc/passwd', 'a file of the sender’s machine'),
  'redirect-garbage': redirect(302, 'http://[::1', 'a URL that is none'),
  redirected: { does: '200, where the redirects point', expect: 'delivered', steps: [{ answer: 200, body: 'ok' }] },
  elsewhere: {
    does: '200 with every other header that points elsewhere: Location, Refresh, Alt-Svc, Link',
    expect: 'delivered',
    steps: [
      {
        answer: 200,
        headers: {
          location: '/redirected',
          refresh: '0; url=/redirected',
          'alt-svc': 'h2="127.0.0.1:9"; ma=86400',
          link: '</redirected>; rel=preload',
        },
        body: '<meta http-equiv="refresh" content="0; url=/redirected">',
      },
    ],
  },
  'gzip-bomb': {
    does: '14 KB that unpack to 10 MB',
    expect: 'delivered',
    steps: () => [
      {
        answer: 200,
        headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain' },
        // Members of a gzip follow each other: a hundred small ones are quicker made than a large one.
        body: Buffer.concat(Array.from({ length: 100 }).fill(gzipSync(Buffer.alloc(100_000))) as Buffer[]),
      },
    ],
  },
  'gzip-garbage': {
    does: '200 that says it is packed, four times over, and is not',
    expect: 'delivered',
    steps: [{ answer: 200, headers: { 'content-encoding': 'gzip, br, zstd, gzip' }, body: 'not packed at all' }],
  },
  'invalid-text': {
    does: '200 with bytes that are not UTF-8, and a NUL',
    expect: 'delivered',
    steps: [{ answer: 200, body: Uint8Array.of(0x6f, 0x6b, 0x00, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80) }],
  },
  'invalid-bytes': {
    does: '200 with 4,096 bytes of which none is UTF-8',
    expect: 'delivered',
    steps: [{ answer: 200, body: new Uint8Array(4_096).fill(0xff) }],
  },
  'hostile-text': {
    does: '200 with a text that does harm where it is shown: markup, terminal commands, formulas',
    expect: 'delivered',
    steps: [
      {
        answer: 200,
        headers: { 'content-type': 'text/html' },
        body: `<script>alert(1)</script>\u001B]0;owned\u0007\u001B[2J=cmd|'/c calc'!A1\u202Etxt.exe`,
      },
    ],
  },
  'header-bytes': {
    does: '200 with headers of bytes that are no ASCII',
    expect: ['delivered', 'failed'],
    steps: thenEnd(Buffer.from(`${head(status, 'x-bytes: \u00FF\u00FE\u0080', 'content-length: 2')}ok`, 'latin1')),
  },
  'empty-with-body': {
    does: '204, which has no body, with a body',
    expect: 'delivered',
    steps: thenEnd(`${head('HTTP/1.1 204 No Content', 'content-length: 5')}extra`),
  },
  'until-close': {
    does: 'a body that only the end of the connection ends',
    expect: 'delivered',
    steps: thenEnd(`${head('HTTP/1.0 200 OK')}ok`),
  },
  continue: {
    does: '100 Continue that nobody asked for, then 200',
    expect: ['delivered', 'failed'],
    steps: thenEnd(`${head('HTTP/1.1 100 Continue')}${ok}`),
  },
  upgrade: {
    does: '101 to a protocol that nobody asked for',
    expect: 'failed',
    steps: thenEnd(head('HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: odd')),
  },
  'upgrade-required': {
    does: '426 that asks for HTTP/2',
    expect: 'failed',
    steps: [{ answer: 426, headers: { upgrade: 'h2c', connection: 'upgrade' }, body: 'upgrade' }],
  },
} as const satisfies Record<string, HostileScript>;
