import { chunked, head, ok, status, thenEnd, type HostileScript } from './hostile-receiver-script.ts';

const drip = 20;
const second = 1_000;

/** Receivers that stop, slow down, flood or break off, each at another stage of an exchange. */
export const timing = {
  never: { does: 'reads the request and never says anything', expect: 'failed', steps: [] },
  'hang-unread': { does: 'takes the connection and reads nothing', expect: 'failed', on: 'connection', steps: [] },
  'hang-tls': {
    does: 'takes the connection and never answers the greeting of TLS',
    expect: 'failed',
    on: 'connection',
    scheme: 'https:',
    reads: true,
    steps: [],
  },
  'hang-status': { does: 'stops in the middle of the status line', expect: 'failed', steps: [{ write: 'HTTP/1.1 20' }] },
  'hang-headers': {
    does: 'stops in the middle of the headers',
    expect: 'failed',
    steps: [{ write: `${status}\r\ncontent-length: 2\r\nx-more` }],
  },
  'hang-before-body': {
    does: 'stops behind the headers, which promise a body',
    expect: 'failed',
    steps: [{ write: head(status, 'content-length: 2') }],
  },
  'hang-body': {
    does: 'stops in the middle of the body',
    expect: 'failed',
    steps: [{ write: `${head(status, 'content-length: 100')}half` }],
  },
  'hang-chunk': { does: 'stops in the middle of a chunk', expect: 'failed', steps: [{ write: `${chunked}ff\r\nhalf` }] },
  'hang-last-chunk': { does: 'never sends the last chunk', expect: 'failed', steps: [{ write: `${chunked}2\r\nok\r\n` }] },
  'hang-trailers': { does: 'stops behind the last chunk', expect: 'failed', steps: [{ write: `${chunked}2\r\nok\r\n0\r\n` }] },
  'drip-status': {
    does: 'begins an answer and goes on with its reason, a letter every 20 ms',
    expect: 'failed',
    steps: [{ write: 'HTTP/1.1 200 ' }, { drip: 'O', everyMs: drip }],
  },
  'drip-headers': {
    does: 'begins an answer and goes on with a header every 20 ms',
    expect: 'failed',
    steps: [{ write: `${status}\r\n` }, { drip: 'x-drip: drip\r\n', everyMs: drip }],
  },
  'drip-body': {
    does: '200, and then a byte of the body every 20 ms',
    expect: 'failed',
    steps: [{ write: chunked }, { drip: '1\r\n.\r\n', everyMs: drip }],
  },
  'drip-second': {
    does: '200, and then a byte of the body every second, of a million that it promises',
    expect: 'failed',
    steps: [{ write: head(status, 'content-length: 1000000') }, { drip: '.', everyMs: second }],
  },
  'drip-trailers': {
    does: '200 with a body, and then a trailer every 20 ms',
    expect: 'failed',
    steps: [{ write: `${chunked}2\r\nok\r\n0\r\n` }, { drip: 'x-drip: drip\r\n', everyMs: drip }],
  },
  'drip-busy': {
    does: '503 with Retry-After, and then a byte of the body every 20 ms',
    expect: 'busy',
    retryAfterMs: [7_000, 7_000],
    steps: [
      { write: head('HTTP/1.1 503 Busy', 'retry-after: 7', 'transfer-encoding: chunked') },
      { drip: '1\r\n.\r\n', everyMs: drip },
    ],
  },
  informational: {
    does: '103 every 20 ms, and never a final answer',
    expect: 'failed',
    steps: [{ drip: head('HTTP/1.1 103 Early Hints'), everyMs: drip }],
  },
  'informational-flood': {
    does: '103 as fast as it is taken, and never a final answer',
    expect: 'failed',
    steps: [{ flood: head('HTTP/1.1 103 Early Hints', `link: </${'x'.repeat(500)}>`).repeat(100) }],
  },
  'continue-flood': {
    does: '100 Continue as fast as it is taken, and never a final answer',
    expect: 'failed',
    steps: [{ flood: head('HTTP/1.1 100 Continue').repeat(1_000) }],
  },
  endless: {
    does: '200 with a body that never ends, as fast as it is read',
    expect: 'delivered',
    steps: [{ write: chunked }, { flood: `10000\r\n${'x'.repeat(65_536)}\r\n` }],
  },
  'endless-error': {
    does: '500 with a body that never ends, as fast as it is read',
    expect: 'failed',
    steps: [
      { write: head('HTTP/1.1 500 Trouble', 'transfer-encoding: chunked') },
      { flood: `10000\r\n${'x'.repeat(65_536)}\r\n` },
    ],
  },
  'endless-reason': {
    does: 'a reason behind the status that never ends',
    expect: 'failed',
    steps: [{ write: 'HTTP/1.1 200 ' }, { flood: 'O'.repeat(16_384) }],
  },
  'endless-header': {
    does: 'a header that never ends',
    expect: 'failed',
    steps: [{ write: `${status}\r\nx-endless: ` }, { flood: 'x'.repeat(16_384) }],
  },
  'endless-headers': {
    does: 'headers that never end, as fast as they are read',
    expect: 'failed',
    steps: [{ write: `${status}\r\n` }, { flood: 'x-endless: 1\r\n'.repeat(1_000) }],
  },
  'endless-cookies': {
    does: 'cookies that never end',
    expect: 'failed',
    steps: [{ write: `${status}\r\n` }, { flood: `set-cookie: a=${'x'.repeat(4_000)}; Domain=.example.com\r\n` }],
  },
  'endless-trailers': {
    does: '200 with a body, and trailers that never end',
    expect: ['delivered', 'failed'],
    steps: [{ write: `${chunked}2\r\nok\r\n0\r\n` }, { flood: 'x-endless: 1\r\n'.repeat(1_000) }],
  },
  'endless-extension': {
    does: 'a chunk whose extension never ends',
    expect: ['delivered', 'failed'],
    steps: [{ write: `${chunked}2;x=` }, { flood: 'x'.repeat(16_384) }],
  },
  'huge-headers': {
    does: 'a header of 128 KiB',
    expect: 'failed',
    steps: thenEnd(`${head(status, `x-huge: ${'x'.repeat(131_072)}`, 'content-length: 2')}ok`),
  },
  'many-headers': {
    does: '5,000 headers',
    expect: 'failed',
    steps: thenEnd(`${head(status, ...Array.from({ length: 5_000 }, () => 'x-many: 1'), 'content-length: 2')}ok`),
  },
  reset: { does: 'resets the connection instead of answering', expect: 'failed', steps: [{ connection: 'reset' }] },
  'reset-headers': {
    does: 'resets the connection in the middle of the headers',
    expect: 'failed',
    steps: [{ write: `${status}\r\ncontent-le` }, { connection: 'reset' }],
  },
  'reset-body': {
    does: 'resets the connection in the middle of the body',
    expect: 'failed',
    steps: [{ write: `${head(status, 'content-length: 100')}half` }, { connection: 'reset' }],
  },
  'reset-after': {
    does: '200, and resets the connection at once',
    expect: ['delivered', 'failed'],
    steps: [{ write: ok }, { connection: 'reset' }],
  },
  'reset-at-once': {
    does: 'resets the connection as soon as there is one',
    expect: 'failed',
    on: 'connection',
    steps: [{ connection: 'reset' }],
  },
  close: { does: 'closes the connection instead of answering', expect: 'failed', steps: [{ connection: 'end' }] },
  'close-at-once': {
    does: 'closes the connection as soon as there is one',
    expect: 'failed',
    on: 'connection',
    reads: true,
    steps: [{ connection: 'end' }],
  },
  'close-second': {
    does: 'the first request on a connection gets 200; the next one is read, and the connection closed',
    expect: ['delivered', 'failed'],
    steps: ({ earlier }) => [earlier === 0 ? { answer: 200, body: 'ok' } : { connection: 'destroy' }],
  },
  'close-after': {
    does: '200 that promises to keep the connection, and closes it',
    expect: 'delivered',
    steps: thenEnd(`${head(status, 'connection: keep-alive', 'keep-alive: timeout=3600', 'content-length: 2')}ok`),
  },
  'close-between': {
    does: '200 that promises to keep the connection, and closes it 5 ms later, when the next request may be on its way',
    expect: 'delivered',
    steps: [{ answer: 200, headers: { 'keep-alive': 'timeout=3600' }, body: 'ok' }, { waitMs: 5 }, { connection: 'destroy' }],
  },
} as const satisfies Record<string, HostileScript>;
