import {
  resolveOptions,
  type OptionsInput,
  type TransportAdapter,
  type TransportRequest,
  type TransportResult,
} from '@hookwell/core';
import Type, { type Static } from 'typebox';

/**
 * Takes a request. It is delivered when this returns or its promise resolves, and failed when it throws. The signal
 * aborts when the time is over; what is done after that counts for nothing.
 */
export type SendFunction = (request: TransportRequest, signal: AbortSignal) => unknown;

/** The options of `functionTransport`: type, default and manual in one. */
export const FunctionTransportOptionsSchema = Type.Object(
  {
    send: Type.Unsafe<SendFunction>({
      type: 'function',
      description: 'Takes each request; what it throws is the reason of the failure.',
    }),
    schemes: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9+.-]*:$' }), {
      default: ['function:'],
      minItems: 1,
      uniqueItems: true,
      description: 'The URL schemes that it takes, with their colon.',
    }),
    deadlineMs: Type.Integer({
      default: 15_000,
      minimum: 1,
      maximum: 600_000,
      description: 'How long the function may take for one request, in milliseconds.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `functionTransport` with their defaults filled in. */
export type FunctionTransportOptions = Static<typeof FunctionTransportOptionsSchema>;

/** The options of `functionTransport` as a host writes them. */
export type FunctionTransportOptionsInput = OptionsInput<FunctionTransportOptions, 'send'>;

/** The longest reason that is kept, in characters. */
const maxReasonLength = 500;

/**
 * Delivers to a function of the host, e.g. into a queue, or into an array in a test.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * functionTransport({ send: async (request) => queue.add(request.topic, request.body) })
 */
export function functionTransport(options: FunctionTransportOptionsInput): TransportAdapter {
  const { send, schemes, deadlineMs } = resolveOptions(FunctionTransportOptionsSchema, options, 'functionTransport');
  const inFlight = new Set<Promise<TransportResult>>();
  let running = false;

  return {
    name: 'function',
    schemes,
    deadlineMs,

    async start() {
      running = true;
    },

    checkUrl(url) {
      const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(url)?.[0].toLowerCase();
      return scheme !== undefined && schemes.includes(scheme) ? null : `it must begin with ${schemes.join(' or ')}`;
    },

    send: async (request) => {
      if (!running) return failure('local', 'the function transport is not running');
      const result = call(send, request, deadlineMs);
      inFlight.add(result);
      void result.then(() => inFlight.delete(result));
      return result;
    },

    async stop() {
      running = false;
      await Promise.all(inFlight);
    },
  };
}

async function call(send: SendFunction, request: TransportRequest, deadlineMs: number): Promise<TransportResult> {
  const reason = `no answer within ${deadlineMs} ms`;
  const overdue = new AbortController();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(failure('endpoint', reason));
      overdue.abort(new Error(reason));
    }, deadlineMs);
    timer.unref();
    const called = async (): Promise<unknown> => send(request, overdue.signal);
    called()
      .then(
        () => resolve({ ok: true, status: 0, answer: '' }),
        (error: unknown) => resolve(failure('endpoint', reasonOf(error))),
      )
      .finally(() => clearTimeout(timer));
  });
}

function failure(fault: 'endpoint' | 'local', reason: string): TransportResult {
  return { ok: false, fault, reason, status: 0, answer: '', retryAfterMs: null, unsent: false };
}

/** What a thrown value says, which may be anything and may itself throw when it is turned into text. */
function reasonOf(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message : String(error);
    return (text === '' ? 'the function failed' : text).slice(0, maxReasonLength).toWellFormed();
  } catch {
    return 'the function failed';
  }
}
