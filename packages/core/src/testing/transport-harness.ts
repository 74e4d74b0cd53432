import type { TransportAdapter } from '../transport-adapter.ts';
import type { Declaration } from './conformance-case.ts';
import type { ReceivedRequest } from './hostile-receiver.ts';

/** What every receiver can be made to do. */
export const basicBehaviours = {
  accepts: 'takes the request and accepts it',
  fails: 'takes the request and fails: HTTP 500, a function that throws',
  'accepts late': 'accepts after about 100 ms',
  'never answers': 'takes the request and says nothing more',
} as const;

/** What a receiver can be made to do where there is such a thing. */
export const specialBehaviours = {
  absent: 'nothing listens',
  resets: 'takes the request and resets the connection',
  'closes second': 'accepts the first request on a connection; takes the second, and closes the connection',
  'breaks off': 'begins to accept and breaks off in the middle of the answer',
  'drips headers': 'goes on with headers for ever',
  'drips body': 'accepts, and goes on with the answer for ever',
  informs: 'sends provisional answers for ever',
  garbage: 'answers with bytes that mean nothing',
  'invalid status': 'answers with a status that does not exist',
  'huge headers': 'answers with more headers than anyone should read',
  gone: 'says that it is gone for good: HTTP 410',
  'busy for 7 s': 'asks to be left alone for 7 seconds',
  'busy for an hour': 'asks to be left alone until a date, an hour from now',
  'busy, badly said': 'asks to be left alone, for how long cannot be read',
  unavailable: 'says that it is not available for now: HTTP 503',
  redirects: 'sends elsewhere: HTTP 302',
  'answers at length': 'accepts with 8,000 characters of two bytes each in its answer',
  'answers for ever': 'accepts with an answer that never ends',
  'answers invalid text': 'accepts with 4,096 bytes that are not UTF-8',
} as const;

export type BasicBehaviour = keyof typeof basicBehaviours;
export type SpecialBehaviour = keyof typeof specialBehaviours;

/**
 * What the author of a transport provides to prove it: the transport, and a receiver that does as its URLs say. Each
 * case wants a harness of its own, or one whose receiver tells the URLs of different cases apart.
 */
export interface TransportHarness extends Declaration<SpecialBehaviour> {
  /** Makes a transport that has not been started, with a deadline of 200 to 1,000 ms. */
  readonly createTransport: () => TransportAdapter;
  /** A URL that no case was given before, whose receiver behaves like that. */
  readonly url: (behaviour: BasicBehaviour | SpecialBehaviour) => string;
  /** The requests that have arrived in full for a URL; headers empty where the transport has none. */
  readonly received: (url: string) => readonly Pick<ReceivedRequest, 'headers' | 'body'>[];
  /** How many requests have arrived, for all URLs. */
  readonly count: () => number;
}
