import type { TransportAdapter } from '../../src/index.ts';
import { failed, soundSteps, transportOverNodeHttp } from './transport-over-node-http.ts';

/** A transport that breaks one promise, the case that must catch it, and the sentence with which. */
export interface TransportSaboteur {
  readonly does: string;
  readonly createTransport: () => TransportAdapter;
  readonly caughtBy: string;
  readonly sentence: RegExp;
}

function over(change: (sound: TransportAdapter) => Partial<TransportAdapter>): () => TransportAdapter {
  return () => {
    const sound = transportOverNodeHttp();
    return { ...sound, ...change(sound) };
  };
}

/** Transports that break one promise each. */
export const transportSaboteurs: readonly TransportSaboteur[] = [
  {
    does: 'rejects when the endpoint fails',
    createTransport: over((sound) => ({
      async send(request) {
        const result = await sound.send(request);
        if (!result.ok) throw new Error(result.reason);
        return result;
      },
    })),
    caughtBy: 'send resolves with a failure of the endpoint when the receiver fails',
    sentence: /^send rejected instead of resolving with a failure: Error: HTTP 500$/,
  },
  {
    does: 'has no deadline',
    createTransport: () => transportOverNodeHttp({ deadline: () => () => undefined }),
    caughtBy: 'send has settled by its deadline when the receiver never answers',
    sentence: /^send had not settled 750 ms after its deadline$/,
  },
  {
    does: 'has a deadline for the first byte only',
    createTransport: () =>
      transportOverNodeHttp({
        deadline(expire, deadlineMs) {
          const disarm = soundSteps.deadline(expire, deadlineMs);
          // As if it ended with the headers, which have come by then.
          setTimeout(disarm, deadlineMs / 2);
          return disarm;
        },
      }),
    caughtBy: 'send has settled by its deadline when the receiver drips body',
    sentence: /^send had not settled 750 ms after its deadline$/,
  },
  {
    does: 'gives all overdue requests the time of the first one',
    createTransport: () => {
      const waiting = new Set<() => void>();
      return transportOverNodeHttp({
        deadline(expire, deadlineMs) {
          waiting.add(expire);
          const disarm = soundSteps.deadline(() => waiting.forEach((each) => each()), deadlineMs);
          return () => {
            waiting.delete(expire);
            disarm();
          };
        },
      });
    },
    caughtBy: 'send gives each request its own time, however many are overdue',
    sentence: /^a request had only \d+ ms$/,
  },
  {
    does: 'keeps everything of an answer',
    createTransport: () => transportOverNodeHttp({ keep: (parts) => Buffer.concat(parts).toString('utf8') }),
    caughtBy: 'send keeps at most 4 KiB of an answer, and breaks no character',
    sentence: /^16000 bytes of the answer were kept$/,
  },
  {
    does: 'cuts an answer after 4,096 bytes and then decodes it',
    createTransport: () => transportOverNodeHttp({ keep: (parts) => Buffer.concat(parts).subarray(0, 4_096).toString('utf8') }),
    caughtBy: 'send makes well-formed text of at most 4 KiB of whatever an answer has in it',
    sentence: /^the text has 12288 bytes$/,
  },
  {
    does: 'follows redirects',
    createTransport: () => transportOverNodeHttp({ follow: true }),
    caughtBy: 'send does not go where an endpoint sends it',
    sentence: /^a failure was taken for success \(status 200\)$/,
  },
  {
    does: 'treats 410 as any failure',
    createTransport: () => transportOverNodeHttp({ read: (answer, now) => ({ ...failedOr(answer, now) }) }),
    caughtBy: 'send calls an endpoint gone that says so',
    sentence: /^an endpoint that is gone for good must be told from one that fails/,
  },
  {
    does: 'forgets Retry-After',
    createTransport: () =>
      transportOverNodeHttp({ read: (answer, now) => soundSteps.read({ ...answer, retryAfter: null }, now) }),
    caughtBy: 'send tells for how many milliseconds a busy endpoint asks, in seconds or until a date',
    sentence: /^the time that it asks for was not passed on/,
  },
  {
    does: 'takes every answer for success',
    createTransport: () => transportOverNodeHttp({ read: ({ status, body }) => ({ ok: true, status, answer: body }) }),
    caughtBy: 'send resolves with a failure of the endpoint when the receiver fails',
    sentence: /^a failure was taken for success \(status 500\)$/,
  },
  {
    does: 'drops a header',
    createTransport: () => transportOverNodeHttp({ headers: (headers) => headers.slice(0, -2) }),
    caughtBy: 'send delivers every header as it is, in order',
    sentence: /^other headers arrived/,
  },
  {
    does: 'sends bodies as latin1',
    createTransport: over((sound) => ({
      send: async (request) => sound.send({ ...request, body: request.body.replaceAll(/\P{ASCII}/gu, '?') }),
    })),
    caughtBy: 'send delivers the body as it is',
    sentence: /^another body arrived/,
  },
  {
    does: 'does not wait when it stops',
    createTransport: () => transportOverNodeHttp({ idle: async () => undefined }),
    caughtBy: 'stop waits for what is in flight',
    sentence: /^(stop resolved while a request was in flight|a receiver that accepts was taken for one that fails)/,
  },
  {
    does: 'calls every failure unsent',
    createTransport: () => transportOverNodeHttp({ fail: (reason) => failed(reason, { unsent: true }) }),
    caughtBy: 'send calls no request unsent that has arrived, not even on a connection that was kept',
    sentence: /^a request that had arrived was called unsent/,
  },
  {
    does: 'blames itself for what the endpoint does',
    createTransport: () => transportOverNodeHttp({ fail: (reason) => failed(reason, { fault: 'local' }) }),
    caughtBy: 'send resolves with a failure of the endpoint when the receiver is or does this: resets',
    sentence: /^it was called local: ECONNRESET/,
  },
  {
    does: 'sends one at a time',
    createTransport: over((sound) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        async send(request) {
          const before = last;
          const sent = before.then(async () => sound.send(request));
          last = sent;
          return sent;
        },
      };
    }),
    caughtBy: 'send holds up nobody else while a receiver never answers',
    sentence: /^(send had not settled 750 ms after its deadline|another receiver had to wait for \d+ ms)$/,
  },
  {
    does: 'has nothing to say about any URL',
    createTransport: over(() => ({ checkUrl: () => null })),
    caughtBy: 'checkUrl says in one sentence what is wrong with another scheme, and with what is no URL',
    sentence: /^it has nothing to say about "hookwell-unheard-of:\/\/host\/path"$/,
  },
  {
    does: 'forgets what it has when it is started again',
    createTransport: over((sound) => {
      let started = 0;
      return {
        async start(context) {
          started += 1;
          if (started > 1) await sound.stop();
          else await sound.start(context);
        },
      };
    }),
    caughtBy: 'start called a second time changes nothing',
    sentence: /^a request failed after the second start/,
  },
];

function failedOr(...[answer, now]: Parameters<typeof soundSteps.read>): ReturnType<typeof soundSteps.read> {
  const result = soundSteps.read(answer, now);
  return !result.ok && result.fault === 'gone' ? { ...result, fault: 'endpoint' } : result;
}
