import { randomBytes } from 'node:crypto';
import { request as requestByHttp, type ClientRequest, type RequestOptions } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { trials, type Trial, type TrialRequest } from './trials.ts';

/** What came of a delivery. */
export interface TrialResult extends Pick<Trial, 'name' | 'what' | 'expect'> {
  /** What the endpoint did: took it (2xx), refused it (4xx), or came to grief. */
  readonly got: 'accepted' | 'refused' | 'failed';
  /** `HTTP 401`, or why there was no answer. */
  readonly answer: string;
  readonly isRight: boolean;
}

/** How deliveries are sent. */
export interface SendOptions {
  readonly url: URL;
  readonly key: Buffer;
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Sends every trial to an endpoint, one after the other. */
export async function send({ url, key, timeoutMs, now }: SendOptions): Promise<readonly TrialResult[]> {
  const run = `test_${randomBytes(9).toString('hex')}`;
  const results: TrialResult[] = [];
  for (const { name, what, expect, mayCutOff = false, request } of trials) {
    const status = await statusOf(url, request({ key, now: Math.floor(now() / 1_000), run }), timeoutMs);
    const got = mayCutOff && (status === 'ECONNRESET' || status === 'EPIPE') ? 'refused' : verdictOf(status);
    const answer = typeof status === 'string' ? status : `HTTP ${status}`;
    results.push({ name, what, expect, got, answer, isRight: got === expect });
  }
  return results;
}

function verdictOf(status: number | string): TrialResult['got'] {
  if (typeof status === 'string') return 'failed';
  if (status >= 200 && status < 300) return 'accepted';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}

/** The status of the answer, or why there is none. */
async function statusOf(url: URL, { headers, body }: TrialRequest, timeoutMs: number): Promise<number | string> {
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    headers: [...headers, 'content-length', String(Buffer.byteLength(body)), 'host', url.host, 'connection', 'close'],
  };
  return new Promise((resolve) => {
    const request: ClientRequest = (url.protocol === 'https:' ? requestByHttps : requestByHttp)(url, options, (response) => {
      resolve(response.statusCode ?? 0);
      // What else it says is of no interest, and may have no end.
      response.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : (error.code ?? error.message));
    });
    request.end(body);
  });
}
