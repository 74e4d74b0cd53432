import { SeededRandom } from '../../packages/core/test/deliver/seeded-random.ts';

const crlf = '\r\n';
const valid: readonly string[] = [
  `HTTP/1.1 200 OK${crlf}content-length: 2${crlf}${crlf}ok`,
  `HTTP/1.1 200 OK${crlf}Content-Type: text/plain; charset=utf-8${crlf}Content-Length: 11${crlf}Connection: keep-alive${crlf}${crlf}hello world`,
  `HTTP/1.1 204 No Content${crlf}date: Mon, 30 Nov 2026 12:00:00 GMT${crlf}${crlf}`,
  `HTTP/1.1 200 OK${crlf}transfer-encoding: chunked${crlf}${crlf}5${crlf}hello${crlf}6;x=y${crlf} world${crlf}0${crlf}${crlf}`,
  `HTTP/1.1 200 OK${crlf}transfer-encoding: chunked${crlf}trailer: x-sum${crlf}${crlf}2${crlf}ok${crlf}0${crlf}x-sum: 1${crlf}${crlf}`,
  `HTTP/1.1 503 Busy${crlf}retry-after: 120${crlf}content-length: 4${crlf}keep-alive: timeout=5${crlf}${crlf}busy`,
  `HTTP/1.1 429 Busy${crlf}retry-after: Mon, 30 Nov 2026 13:00:00 GMT${crlf}content-length: 0${crlf}${crlf}`,
  `HTTP/1.1 302 Found${crlf}location: http://169.254.169.254/${crlf}content-length: 0${crlf}${crlf}`,
  `HTTP/1.1 410 Gone${crlf}set-cookie: a=b; Path=/${crlf}set-cookie: c=d${crlf}content-length: 0${crlf}${crlf}`,
  `HTTP/1.1 200 OK${crlf}content-encoding: gzip${crlf}content-length: 4${crlf}${crlf}\u001F\u008B\b\0`,
  `HTTP/1.0 200 OK${crlf}connection: close${crlf}${crlf}until the end`,
  `HTTP/1.1 103 Early Hints${crlf}link: </a>${crlf}${crlf}HTTP/1.1 200 OK${crlf}content-length: 2${crlf}${crlf}ok`,
];
const tokens: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ':',
  ' ',
  '\t',
  ';',
  ',',
  '-',
  '0',
  '1',
  '9999999999999999999999',
  'ffffffffffffffff',
  '-1',
  'content-length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding: identity\r\n',
  'connection: close\r\n',
  'connection: upgrade\r\nupgrade: h2c\r\n',
  'keep-alive: timeout=0\r\n',
  'keep-alive: timeout=99999999999\r\n',
  'retry-after: 1e309\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
  'HTTP/2.0 ',
  '\u00FF\u00FE\u0080',
  'x'.repeat(20_000),
];

/** An answer that was valid before a few random things were done to it: the same one for the same seed. */
export function mutateAnswer(seed: number): Buffer {
  const random = new SeededRandom(seed);
  let text = random.pick(valid);
  for (let times = random.low(0, 6); times > 0; times -= 1) {
    const at = random.from(0, text.length);
    const to = Math.min(text.length, at + random.low(1, 40));
    switch (random.from(0, 7)) {
      case 0:
        text = text.slice(0, at) + String.fromCharCode(random.from(0, 255)) + text.slice(at + 1);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, to) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + random.pick(tokens) + text.slice(at);
        break;
      case 4:
        text = text.slice(0, at) + random.pick(tokens) + text.slice(to);
        break;
      case 5:
        text = text.slice(0, at) + random.pick(valid).slice(random.from(0, 40));
        break;
      case 6:
        text = text.slice(0, at);
        break;
      default:
        text = text.replace(/\d+/, () => String(random.from(0, 1_200)));
    }
  }
  return Buffer.from(text, 'latin1');
}
