import { createHmac, randomBytes } from 'node:crypto';

/** A request that an endpoint is sent. */
export interface TrialRequest {
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A delivery, and what an endpoint must make of it. */
export interface Trial {
  readonly name: string;
  /** What it is, in a few words. */
  readonly what: string;
  readonly expect: 'accepted' | 'refused';
  /** Whether to be cut off is to be refused, because no more of it is wanted. */
  readonly mayCutOff?: boolean;
  readonly request: (context: TrialContext) => TrialRequest;
}

/** What a delivery is made of. */
export interface TrialContext {
  /** The key that the endpoint knows. */
  readonly key: Buffer;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Of one run of the trials: ids begin with it. */
  readonly run: string;
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
/** Longer ago than any endpoint should take, and likewise ahead, in seconds. */
const farOff = 3_600;
const mebibyte = 1_048_576;

/** A delivery as its sender makes it, and what a trial makes different. */
interface Made {
  readonly id?: string;
  readonly timestamp?: number;
  readonly type?: string;
  readonly body?: string;
  /** What is signed instead of the body. */
  readonly signed?: string;
  readonly key?: Buffer;
  /** The value of `webhook-signature` for the right signature of version 1. */
  readonly signature?: (right: string, context: TrialContext) => string;
  /** Headers that are left out, by their names. */
  readonly without?: readonly string[];
  readonly more?: readonly string[];
}

const payload = JSON.stringify({ webhook_id: '0', test: true, data: { id: '1', firstname: 'Mary', lastname: 'Møller 😀' } });
const formPayload = new URLSearchParams({ webhook_id: '0', test: 'true', 'data[id]': '1', 'data[firstname]': 'Mary' }).toString();

function sign(key: Buffer, id: string, timestamp: number, body: string): string {
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
}

function delivery(name: string, context: TrialContext, made: Made = {}): TrialRequest {
  const { id = `${context.run}-${name}`, timestamp = context.now, body = payload, type = json, without = [], more = [] } = made;
  const right = sign(made.key ?? context.key, id, timestamp, made.signed ?? body);
  const headers = [
    ['content-type', type],
    ['webhook-id', id],
    ['webhook-timestamp', String(timestamp)],
    ['webhook-signature', made.signature?.(right, context) ?? `v1,${right}`],
  ].filter(([header = '']) => !without.includes(header));
  return { headers: [...headers.flat(), ...more], body };
}

function trial(expect: Trial['expect'], name: string, what: string, made: Made | ((context: TrialContext) => Made) = {}): Trial {
  const request: Trial['request'] = (context) => delivery(name, context, typeof made === 'function' ? made(context) : made);
  return { name, what, expect, request };
}

/** Another last letter: a signature that is nearly right. */
function nearly(signature: string): string {
  return `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
}

/** Deliveries for an endpoint, in the order in which they are sent. */
export const trials: readonly Trial[] = [
  trial('accepted', 'json', 'a delivery in JSON'),
  trial('accepted', 'form', 'a delivery as a form', { type: form, body: formPayload }),
  trial('accepted', 'repeated', 'the first delivery again, as after a lost answer', ({ run }) => ({ id: `${run}-json` })),
  trial('accepted', 'rotation', 'two signatures, of which the second is by this secret', ({ now, run }) => ({
    signature: (right) => `v1,${sign(randomBytes(32), `${run}-rotation`, now, payload)} v1,${right}`,
  })),
  trial('accepted', 'newer-version', 'a signature of a version that nobody knows, beside the right one', {
    signature: (right) => `v9,${randomBytes(16).toString('base64')} v1,${right}`,
  }),
  trial('accepted', 'minute-old', 'a delivery that took a minute', ({ now }) => ({ timestamp: now - 60 })),
  trial('accepted', 'more-headers', 'headers that nobody asked for', { more: ['x-unknown', '1', 'traceparent', 'nonsense'] }),
  trial('refused', 'unsigned', 'none of the three headers', {
    without: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  }),
  trial('refused', 'without-id', 'no webhook-id', { without: ['webhook-id'] }),
  trial('refused', 'without-timestamp', 'no webhook-timestamp', { without: ['webhook-timestamp'] }),
  trial('refused', 'without-signature', 'no webhook-signature', { without: ['webhook-signature'] }),
  trial('refused', 'empty-signature', 'an empty webhook-signature', { signature: () => '' }),
  trial('refused', 'other-secret', 'signed with another secret', { key: randomBytes(32) }),
  trial('refused', 'empty-secret', 'signed with an empty secret', { key: Buffer.alloc(0) }),
  trial('refused', 'changed-body', 'a body that was changed on the way', { signed: payload.replace('Mary', 'Marx') }),
  trial('refused', 'longer-body', 'a body with something behind what was signed', { body: `${payload} `, signed: payload }),
  trial('refused', 'empty-body', 'no body, where one was signed', { body: '', signed: payload }),
  trial('refused', 'changed-id', 'another webhook-id than was signed', ({ key, now, run }) => ({
    signature: () => `v1,${sign(key, `${run}-other`, now, payload)}`,
  })),
  trial('refused', 'changed-timestamp', 'another webhook-timestamp than was signed', ({ key, now, run }) => ({
    signature: () => `v1,${sign(key, `${run}-changed-timestamp`, now - 1, payload)}`,
  })),
  trial('refused', 'old', 'rightly signed, an hour ago', ({ now }) => ({ timestamp: now - farOff })),
  trial('refused', 'future', 'rightly signed, an hour from now', ({ now }) => ({ timestamp: now + farOff })),
  trial('refused', 'nearly', 'a signature with one letter changed', { signature: (right) => `v1,${nearly(right)}` }),
  trial('refused', 'cut', 'the first half of the signature', { signature: (right) => `v1,${right.slice(0, 22)}` }),
  trial('refused', 'hexadecimal', 'the signature in hexadecimal', {
    signature: (right) => `v1,${Buffer.from(right, 'base64').toString('hex')}`,
  }),
  trial('refused', 'no-version', 'the signature without its version', { signature: (right) => right }),
  trial('refused', 'other-version', 'the signature as one of version 2', { signature: (right) => `v2,${right}` }),
  trial('refused', 'body-alone', 'a signature over nothing but the body', ({ key }) => ({
    signature: () => `v1,${createHmac('sha256', key).update(payload).digest('base64')}`,
  })),
  {
    ...trial('refused', 'huge', 'a mebibyte that nobody has signed', { body: 'x'.repeat(mebibyte), signed: 'y' }),
    mayCutOff: true,
  },
];
