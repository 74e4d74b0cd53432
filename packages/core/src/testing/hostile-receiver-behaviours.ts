import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What a behaviour works with, once the whole request has arrived. */
export interface HostileExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The bare connection, for what no HTTP server would write. */
  readonly socket: Socket;
  /** The number in the path, as in `/status-503`; 0 when there is none. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls `write` until the connection is gone. */
  readonly repeat: (everyMs: number, write: () => void) => void;
}

type Behaviour = (exchange: HostileExchange) => void;

const dripEveryMs = 20;
const crlf = '\r\n';

function answer(status: number, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ''): Behaviour {
  return ({ response }) => response.writeHead(status, headers).end(body);
}

/** Closes the connection behind it, because the server would not know that this was an answer. */
function rawThenEnd(text: string): Behaviour {
  return ({ socket }) => socket.end(text);
}

function rawThenReset(text: string): Behaviour {
  return ({ socket }) => socket.write(text, () => socket.resetAndDestroy());
}

const ok = `HTTP/1.1 200 OK${crlf}content-length: 2${crlf}${crlf}ok`;
const chunked = `HTTP/1.1 200 OK${crlf}transfer-encoding: chunked${crlf}${crlf}`;

/** What a receiver may do to a sender, by the path that asks for it. A number is written as `N`. */
export const hostileBehaviours = {
  /** 200 with the body `ok`. */
  ok: answer(200, {}, 'ok'),
  /** 204 without a body. */
  empty: answer(204),
  /** That status, with the body `status N`. */
  'status-N': ({ response, number }) => response.writeHead(number).end(`status ${number}`),
  /** 200 after N milliseconds. */
  'slow-N': ({ response, number }) => void setTimeout(() => response.end('ok'), number).unref(),
  /** Reads the request and never says anything. */
  never: () => undefined,
  /** Begins an answer and goes on with a header every 20 ms. */
  'drip-headers': ({ socket, repeat }) => {
    socket.write(`HTTP/1.1 200 OK${crlf}`);
    repeat(dripEveryMs, () => socket.write(`x-drip: drip${crlf}`));
  },
  /** 200, and then a byte of the body every 20 ms. */
  'drip-body': ({ response, repeat }) => {
    response.writeHead(200).flushHeaders();
    repeat(dripEveryMs, () => response.write('.'));
  },
  /** 503 with Retry-After, and then a byte of the body every 20 ms. */
  'drip-busy': ({ response, repeat }) => {
    response.writeHead(503, { 'retry-after': '7' }).flushHeaders();
    repeat(dripEveryMs, () => response.write('.'));
  },
  /** Resets the connection instead of answering. */
  reset: ({ socket }) => socket.resetAndDestroy(),
  /** Resets the connection in the middle of the headers. */
  'reset-headers': rawThenReset(`HTTP/1.1 200 OK${crlf}content-le`),
  /** Resets the connection in the middle of the body. */
  'reset-body': rawThenReset(`HTTP/1.1 200 OK${crlf}content-length: 100${crlf}${crlf}half`),
  /** Closes the connection instead of answering. */
  close: ({ socket }) => socket.end(),
  /** The first request on a connection gets 200; the next one is read, and the connection closed. */
  'close-second': (exchange) => {
    if (Reflect.get(exchange.socket, answeredBefore) === true) exchange.socket.destroy();
    else {
      Reflect.set(exchange.socket, answeredBefore, true);
      answer(200, {}, 'ok')(exchange);
    }
  },
  /** 200 that promises to keep the connection, and closes it. */
  'close-after': rawThenEnd(`HTTP/1.1 200 OK${crlf}connection: keep-alive${crlf}content-length: 2${crlf}${crlf}ok`),
  /** A body that is shorter than its content-length says. */
  'short-body': rawThenEnd(`HTTP/1.1 200 OK${crlf}content-length: 100${crlf}${crlf}short`),
  /** A body that is longer than its content-length says. */
  'long-body': rawThenEnd(`${ok}${'x'.repeat(200)}`),
  /** Two content-lengths that contradict each other. */
  'two-lengths': rawThenEnd(`HTTP/1.1 200 OK${crlf}content-length: 2${crlf}content-length: 5${crlf}${crlf}ok`),
  /** Two answers to one request. */
  'two-answers': rawThenEnd(ok + ok),
  /** A body that only the end of the connection ends. */
  'until-close': rawThenEnd(`HTTP/1.0 200 OK${crlf}${crlf}ok`),
  /** Chunks whose lengths are not numbers. */
  'chunk-garbage': rawThenEnd(`${chunked}zz${crlf}ok${crlf}`),
  /** A chunk that says it is enormous. */
  'chunk-enormous': rawThenEnd(`${chunked}ffffffffffffffff0${crlf}ok`),
  /** Bytes that are not HTTP at all. */
  garbage: rawThenEnd('SSH-2.0-OpenSSH_9.9\r\n'),
  /** A status below 100. */
  'status-099': rawThenEnd(`HTTP/1.1 099 Odd${crlf}content-length: 2${crlf}${crlf}ok`),
  /** A status of four digits. */
  'status-1000': rawThenEnd(`HTTP/1.1 1000 Odd${crlf}content-length: 2${crlf}${crlf}ok`),
  /** 103 every 20 ms, and never a final answer. */
  informational: ({ socket, repeat }) => repeat(dripEveryMs, () => socket.write(`HTTP/1.1 103 Early Hints${crlf}${crlf}`)),
  /** 100 Continue that nobody asked for, then 200. */
  continue: rawThenEnd(`HTTP/1.1 100 Continue${crlf}${crlf}${ok}`),
  /** 101 to a protocol that nobody asked for. */
  upgrade: rawThenEnd(`HTTP/1.1 101 Switching Protocols${crlf}connection: upgrade${crlf}upgrade: odd${crlf}${crlf}`),
  /** A header of 128 KiB. */
  'huge-headers': rawThenEnd(`HTTP/1.1 200 OK${crlf}x-huge: ${'x'.repeat(131_072)}${crlf}content-length: 2${crlf}${crlf}ok`),
  /** 5,000 headers. */
  'many-headers': rawThenEnd(`HTTP/1.1 200 OK${crlf}${`x-many: 1${crlf}`.repeat(5_000)}content-length: 2${crlf}${crlf}ok`),
  /** 10 KB that unpack to 10 MB. */
  'gzip-bomb': (exchange) =>
    answer(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }, gzipSync(Buffer.alloc(10_000_000)))(exchange),
  /** 200 with N characters, each of two bytes. */
  'long-N': ({ response, number }) => response.end('é'.repeat(number)),
  /** 200 with a body that never ends, as fast as it is read. */
  endless: ({ response }) => {
    const part = Buffer.alloc(65_536, 'x');
    const more = (): void => {
      while (!response.destroyed && response.write(part));
    };
    response.writeHead(200).on('drain', more);
    more();
  },
  /** 200 with bytes that are not UTF-8, and a NUL. */
  'invalid-text': answer(200, {}, Buffer.from([0x6f, 0x6b, 0x00, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80])),
  /** 200 with 4,096 bytes of which none is UTF-8. */
  'invalid-bytes': answer(200, {}, Buffer.alloc(4_096, 0xff)),
  /** 302 to `/redirected`. */
  redirect: answer(302, { location: '/redirected' }, 'elsewhere'),
  /** 307 to `/redirected`, which asks for the body as well. */
  'redirect-body': answer(307, { location: '/redirected' }, 'elsewhere'),
  /** 200, where the redirects point. */
  redirected: answer(200, {}, 'ok'),
  /** 410. */
  gone: answer(410, {}, 'gone'),
  /** 429 with Retry-After in seconds: 7. */
  'busy-seconds': answer(429, { 'retry-after': '7' }, 'busy'),
  /** 429 with Retry-After as a date, an hour from now. */
  'busy-date': (exchange) => answer(429, { 'retry-after': new Date(exchange.now() + 3_600_000).toUTCString() }, 'busy')(exchange),
  /** 429 with a Retry-After that says nothing. */
  'busy-garbage': answer(429, { 'retry-after': '-1e9; soon' }, 'busy'),
} as const satisfies Record<string, Behaviour>;

const answeredBefore = Symbol('answered before');

/** The path of a behaviour, without its slash: `never`, `status-503`, `slow-100`. */
export type HostileBehaviour = {
  [Name in keyof typeof hostileBehaviours]: Name extends `${infer Start}-N` ? `${Start}-${number}` : Name;
}[keyof typeof hostileBehaviours];

/** Finds the behaviour that the first part of a path asks for. */
export function behaviourOf(path: string): { readonly behave: Behaviour; readonly number: number } | undefined {
  const name = /^\/([a-z0-9-]+)/.exec(path)?.[1] ?? '';
  const known: Readonly<Record<string, Behaviour>> = hostileBehaviours;
  const exact = Object.hasOwn(known, name) ? known[name] : undefined;
  if (exact) return { behave: exact, number: 0 };
  const numbered = /^(.+)-(\d{1,9})$/.exec(name);
  const behave = numbered && Object.hasOwn(known, `${numbered[1]}-N`) ? known[`${numbered[1]}-N`] : undefined;
  return behave ? { behave, number: Number(numbered?.[2]) } : undefined;
}
