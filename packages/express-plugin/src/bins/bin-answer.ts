import { parameters, type Given } from '../contract/parameters.ts';
import { malformed, shown } from '../contract/refusal.ts';
import { plainAnswer, type BinAnswer } from './bin.ts';

/** The longest body that a bin can be told to answer with, in characters. */
const maxBodyLength = 16_384;
const maxDelayMs = 30_000;
const maxTimes = 1_000;
const maxHeaders = 10;

/** Headers that say something to who sends webhooks, and nothing to browsers, proxies or this host. */
const allowedHeader =
  /^(?:retry-after|ratelimit(?:-[a-z]+)?|x-rate-?limit-[a-z-]+|x-request-id|x-correlation-id|x-test-[a-z0-9-]+)$/i;

/** Reads how a bin is to answer; what is left out is as in a new bin. @throws {Refusal} 400, naming the member */
export function readBinAnswer(given: ReadonlyMap<string, Given>): BinAnswer {
  const { text } = parameters(given);
  const known = ['status', 'body', 'delayMs', 'headers', 'times'];
  for (const name of given.keys()) {
    if (!known.includes(name)) throw malformed(`There is no member ${shown(name)}. There are: ${known.join(', ')}.`);
  }
  const body = text('body') ?? '';
  if (body.length > maxBodyLength) throw malformed(`"body" has ${body.length} characters; ${maxBodyLength} are taken.`);
  const times = text('times');
  return {
    status: wholeNumber('status', text('status') ?? '200', 200, 599),
    body,
    delayMs: wholeNumber('delayMs', text('delayMs') ?? '0', 0, maxDelayMs),
    headers: readHeaders(text('headers') ?? ''),
    times: times === undefined ? plainAnswer.times : wholeNumber('times', times, 1, maxTimes),
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw malformed(`"${name}" is ${shown(text)}; it must be a whole number from ${least} to ${most}.`);
}

/** Lines of `Name: value`. */
function readHeaders(text: string): BinAnswer['headers'] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length > maxHeaders) throw malformed(`"headers" has ${lines.length} lines; ${maxHeaders} are taken.`);
  return lines.map((line) => {
    const [, name = '', value = ''] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (!allowedHeader.test(name)) {
      throw malformed(
        `"headers" has ${shown(line)}. Write "Name: value", with Retry-After, RateLimit-*, X-RateLimit-*, X-Request-Id, X-Correlation-Id or X-Test-*.`,
      );
    }
    if (!/^[\x20-\x7e]{1,1000}$/.test(value)) {
      throw malformed(`"headers": the value of ${name} must be 1 to 1,000 printable ASCII characters.`);
    }
    return [name, value] as const;
  });
}
