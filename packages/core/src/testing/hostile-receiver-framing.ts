import { chunked, head, ok, status, thenEnd, type HostileScript } from './hostile-receiver-script.ts';

/** An answer that no parser should take, with the connection closed behind it. */
function refused(does: string, text: string | Uint8Array): HostileScript {
  return { does, expect: 'failed', steps: thenEnd(text) };
}

/** An answer that parsers may take or refuse, with the connection closed behind it. */
function eitherWay(does: string, text: string): HostileScript {
  return { does, expect: ['delivered', 'failed'], steps: thenEnd(text) };
}

const withLength = (line: string): string => `${head(status, line)}ok`;

/** Answers that lie about where they end, or are no HTTP. */
export const framing = {
  'short-body': refused('a body that is shorter than its content-length says', `${head(status, 'content-length: 100')}short`),
  'long-body': {
    does: 'a body that is longer than its content-length says',
    expect: 'delivered',
    steps: thenEnd(`${ok}${'x'.repeat(200)}`),
  },
  'two-lengths': refused(
    'two content-lengths that contradict each other',
    `${head(status, 'content-length: 2', 'content-length: 5')}ok`,
  ),
  'same-lengths': eitherWay('the same content-length twice', `${head(status, 'content-length: 2', 'content-length: 2')}ok`),
  'length-list': eitherWay('a list as content-length', withLength('content-length: 2, 2')),
  'length-negative': refused('a content-length below zero', withLength('content-length: -2')),
  'length-sign': refused('a content-length with a plus', withLength('content-length: +2')),
  'length-hex': refused('a content-length in hexadecimal', withLength('content-length: 0x2')),
  'length-huge': refused('a content-length that no number holds', withLength(`content-length: ${'9'.repeat(40)}`)),
  'length-and-chunks': eitherWay(
    'a content-length and chunks, of which each says another end: what smuggles answers',
    `${head(status, 'content-length: 4', 'transfer-encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  ),
  'two-answers': { does: 'two answers to one request', expect: 'delivered', steps: thenEnd(ok + ok) },
  'second-answer-later': {
    does: '200, and another answer 5 ms later that would be taken for that to the next request',
    expect: 'delivered',
    steps: [
      { answer: 200, body: 'ok' },
      { waitMs: 5 },
      { write: head('HTTP/1.1 410 Gone', 'content-length: 0') },
      { connection: 'end' },
    ],
  },
  'chunk-garbage': refused('chunks whose lengths are not numbers', `${chunked}zz\r\nok\r\n`),
  'chunk-enormous': refused('a chunk that says it is enormous', `${chunked}ffffffffffffffff0\r\nok`),
  'chunk-negative': refused('a chunk that is shorter than nothing', `${chunked}-2\r\nok\r\n0\r\n\r\n`),
  'chunk-lies': refused('a chunk that is longer than it says', `${chunked}2\r\nokok\r\n0\r\n\r\n`),
  'chunk-short': refused('a chunk that is shorter than it says', `${chunked}ff\r\nok\r\n0\r\n\r\n`),
  'chunk-unended': refused('chunks without the last one', `${chunked}2\r\nok\r\n`),
  'chunk-bare-lf': eitherWay('chunks whose lines end in LF alone', `${chunked}2\nok\n0\n\n`),
  'chunks-twice': eitherWay('chunks in chunks', `${head(status, 'transfer-encoding: chunked, chunked')}2\r\nok\r\n0\r\n\r\n`),
  'encoding-unknown': eitherWay('a transfer-encoding that nobody knows', `${head(status, 'transfer-encoding: odd')}ok`),
  'encoding-hidden': eitherWay(
    'a transfer-encoding that some see and some do not',
    `${head(status, 'transfer-encoding : chunked', 'content-length: 2')}ok`,
  ),
  'bare-lf': eitherWay('lines that end in LF alone', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok'),
  'bare-cr': refused('lines that end in CR alone', 'HTTP/1.1 200 OK\rcontent-length: 2\r\rok'),
  'nul-in-header': refused('a header with a NUL in it', `${head(status, 'x-nul: a\0b', 'content-length: 2')}ok`),
  'cr-in-header': refused('a header with a CR in it', `${head(status, 'x-cr: a\rx-hidden: b', 'content-length: 2')}ok`),
  'folded-header': eitherWay(
    'a header that goes on in the next line',
    `${head(status, 'x-folded: a', ' b', 'content-length: 2')}ok`,
  ),
  'nameless-header': refused('a header without a name', `${head(status, ': value', 'content-length: 2')}ok`),
  'colonless-header': refused('a header without a colon', `${head(status, 'nothing here', 'content-length: 2')}ok`),
  'no-reason': {
    does: 'a status without a reason',
    expect: 'delivered',
    steps: thenEnd(`${head('HTTP/1.1 200', 'content-length: 2')}ok`),
  },
  'status-099': refused('a status below 100', `${head('HTTP/1.1 099 Odd', 'content-length: 2')}ok`),
  'status-000': refused('a status of zeros', `${head('HTTP/1.1 000 Odd', 'content-length: 2')}ok`),
  'status-600': refused('a status above 599', `${head('HTTP/1.1 600 Odd', 'content-length: 2')}ok`),
  'status-1000': refused('a status of four digits', `${head('HTTP/1.1 1000 Odd', 'content-length: 2')}ok`),
  'status-negative': refused('a status below zero', `${head('HTTP/1.1 -200 Odd', 'content-length: 2')}ok`),
  'status-word': refused('a word as status', `${head('HTTP/1.1 OK', 'content-length: 2')}ok`),
  'version-unknown': refused('a version of HTTP that does not exist', `${head('HTTP/9.9 200 OK', 'content-length: 2')}ok`),
  'version-lower-case': refused('the name of HTTP in small letters', `${head('http/1.1 200 OK', 'content-length: 2')}ok`),
  'http-0.9': refused('a body and nothing before it, as HTTP/0.9 has it', '<html>ok</html>'),
  'http-2': refused('the first frame of HTTP/2', Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0)),
  garbage: refused('bytes that are not HTTP at all', 'SSH-2.0-OpenSSH_9.9\r\n'),
  zeros: refused('64 KiB of zeros', new Uint8Array(65_536)),
  'tls-on-plain': {
    does: 'answers plain HTTP with an alert of TLS',
    expect: 'failed',
    steps: thenEnd(Uint8Array.of(0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46)),
  },
  'plain-on-tls': {
    does: 'answers the greeting of TLS with plain HTTP',
    expect: 'failed',
    on: 'connection',
    scheme: 'https:',
    reads: true,
    steps: thenEnd(`${head('HTTP/1.1 400 Bad Request', 'content-length: 2')}no`),
  },
  'garbage-on-tls': {
    does: 'answers the greeting of TLS with records that never end',
    expect: 'failed',
    on: 'connection',
    scheme: 'https:',
    reads: true,
    steps: [{ flood: '\u0016\u0003\u0003\u0001\u0000'.padEnd(4_096, '\u0001') }],
  },
  'speaks-first': {
    does: 'answers before there is a request',
    expect: ['delivered', 'failed'],
    on: 'connection',
    reads: true,
    steps: thenEnd(ok),
  },
  early: {
    does: '200 before the body has arrived',
    expect: ['delivered', 'failed'],
    on: 'headers',
    steps: [{ answer: 200, body: 'ok' }],
  },
  'early-close': {
    does: '413 before the body has arrived, and closes the connection',
    expect: ['failed', 'delivered'],
    on: 'headers',
    steps: thenEnd(`${head('HTTP/1.1 413 Too Much', 'connection: close', 'content-length: 2')}no`),
  },
} as const satisfies Record<string, HostileScript>;
