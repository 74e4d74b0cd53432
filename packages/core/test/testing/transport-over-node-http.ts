import { Agent, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import {
  readAnswer,
  type TransportAdapter,
  type TransportContext,
  type TransportRequest,
  type TransportResult,
} from '../../src/index.ts';

type Failure = Extract<TransportResult, { ok: false }>;

/** The steps of a small transport, so that a saboteur can break one and leave the others whole. */
export interface Steps {
  readonly headers: (headers: readonly string[]) => string[];
  readonly deadline: (expire: () => void, deadlineMs: number) => () => void;
  readonly keep: (parts: readonly Buffer[]) => string;
  readonly read: (answer: { status: number; retryAfter: string | null; body: string }, now: number) => TransportResult;
  readonly fail: (reason: string) => TransportResult;
  readonly idle: (inFlight: ReadonlySet<Promise<unknown>>) => Promise<void>;
  readonly follow: boolean;
}

/** The largest part of an answer that is read, and the one that is kept, in bytes. */
const limits = { read: 65_536, kept: 4_096 };

export function failed(reason: string, more: Partial<Failure> = {}): Failure {
  return { ok: false, fault: 'endpoint', reason, status: 0, answer: '', retryAfterMs: null, unsent: false, ...more };
}

/** Steps that keep every promise. */
export const soundSteps: Steps = {
  headers: (headers) => [...headers],
  deadline(expire, deadlineMs) {
    const timer = setTimeout(expire, deadlineMs);
    return () => clearTimeout(timer);
  },
  keep(parts) {
    const text = Buffer.concat(parts)
      .subarray(0, limits.kept)
      .toString('utf8')
      .replace(/\uFFFD$/, '')
      .replaceAll('\0', '');
    let kept = text;
    while (Buffer.byteLength(kept) > limits.kept) kept = kept.slice(0, -1);
    return kept;
  },
  read: readAnswer,
  fail: failed,
  idle: async (inFlight) => void (await Promise.all(inFlight)),
  follow: false,
};

/** A transport on `node:http`, small enough to be read at once: the suite must pass it, and fail each of its saboteurs. */
export function transportOverNodeHttp(broken: Partial<Steps> = {}): TransportAdapter {
  const steps = { ...soundSteps, ...broken };
  const deadlineMs = 1_000;
  const inFlight = new Set<Promise<TransportResult>>();
  let agent: Agent | undefined;
  let context: TransportContext = { now: Date.now };

  async function attempt(url: string, sent: Pick<TransportRequest, 'headers' | 'body'>, via: Agent): Promise<TransportResult> {
    return new Promise((resolve) => {
      const length = String(Buffer.byteLength(sent.body));
      const { host } = new URL(url);
      const headers = ['host', host, 'content-length', length, ...steps.headers(sent.headers)];
      const request = httpRequest(url, { method: 'POST', agent: via, headers });
      let connection: Socket | undefined;
      request.on('socket', (socket) => {
        connection = socket;
      });
      const settle = (result: TransportResult): void => {
        disarm();
        resolve(result);
        request.destroy();
        // A connection over which anything went wrong is not used again.
        if (!result.ok) connection?.destroy();
      };
      const disarm = steps.deadline(() => settle(steps.fail(`no answer within ${deadlineMs} ms`)), deadlineMs);
      request.on('error', (error) => settle(steps.fail('code' in error ? String(error.code) : 'failed')));
      request.on('response', (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        const complete = (): void => {
          const { statusCode: status = 0, headers: answered } = response;
          if (steps.follow && answered.location) {
            void attempt(new URL(answered.location, url).href, sent, via).then(settle);
            return;
          }
          settle(steps.read({ status, retryAfter: answered['retry-after'] ?? null, body: steps.keep(parts) }, context.now()));
        };
        response.on('data', (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes > limits.read) complete();
        });
        response.on('end', complete);
        response.on('error', () => settle(steps.fail('the answer broke off')));
      });
      request.end(sent.body);
    });
  }

  return {
    name: 'node-http',
    schemes: ['http:'],
    deadlineMs,
    async start(given) {
      context = given;
      agent ??= new Agent({ keepAlive: true });
    },
    checkUrl: (url) => (/^http:\/\/[^/]/.test(url) && URL.canParse(url) ? null : 'it must begin with http:'),
    async send({ url, headers, body }) {
      if (!agent) return failed('not running', { fault: 'local' });
      const result = attempt(url, { headers, body }, agent);
      inFlight.add(result);
      const done = (): unknown => inFlight.delete(result);
      result.then(done, done);
      return result;
    },
    async stop() {
      const closed = agent;
      agent = undefined;
      await steps.idle(inFlight);
      closed?.destroy();
    },
  };
}
