import type { TransportAdapter } from '../transport-adapter.ts';
import type { HostileReceiver } from './hostile-receiver.ts';
import type { HostileBehaviour } from './hostile-receiver-behaviours.ts';
import type { BasicBehaviour, SpecialBehaviour, TransportHarness } from './transport-harness.ts';

/** Which path of the hostile receiver does what the suite asks for. */
const paths: Readonly<Record<Exclude<BasicBehaviour | SpecialBehaviour, 'absent'>, HostileBehaviour>> = {
  accepts: 'ok',
  fails: 'status-500',
  'accepts late': 'slow-100',
  'never answers': 'never',
  resets: 'reset',
  'closes second': 'close-second',
  'breaks off': 'reset-body',
  'drips headers': 'drip-headers',
  'drips body': 'drip-body',
  informs: 'informational',
  garbage: 'garbage',
  'invalid status': 'status-099',
  'huge headers': 'huge-headers',
  gone: 'gone',
  'busy for 7 s': 'busy-seconds',
  'busy for an hour': 'busy-date',
  'busy, badly said': 'busy-garbage',
  unavailable: 'status-503',
  redirects: 'redirect',
  'answers at length': 'long-8000',
  'answers for ever': 'endless',
  'answers invalid text': 'invalid-bytes',
};

/** Where nothing listens: the port of a service that nobody runs, and that no other program is given by chance. */
const absent = 'http://127.0.0.1:1';

/**
 * The harness of a transport that sends over HTTP.
 *
 * @param createTransport with a deadline of 200 to 1,000 ms, and plain `http:` allowed
 * @param receiver of this harness alone
 */
export function httpTransportHarness(createTransport: () => TransportAdapter, receiver: HostileReceiver): TransportHarness {
  let urls = 0;
  return {
    createTransport,
    url(behaviour) {
      urls += 1;
      return behaviour === 'absent' ? `${absent}/${urls}` : receiver.url(paths[behaviour], String(urls));
    },
    received: (url) => receiver.received(url),
    count: () => receiver.count(),
    unsupported: {},
  };
}
