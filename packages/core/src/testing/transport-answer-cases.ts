import { deepEqual, equal, ok } from 'node:assert/strict';
import { accepted, refused, requestTo, withTransport } from './transport-checks.ts';
import type { TransportConformanceCase } from './transport-conformance.ts';

const maxAnswerBytes = 4_096;

/** The promises about what arrives, and about what an answer means. */
export const transportAnswerCases: readonly TransportConformanceCase[] = [
  {
    name: 'send delivers the body as it is',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        for (const body of ['a=1&b=%5B2%5D', '{"name":"Zoë 🙂","lines":"one\\r\\ntwo"}', '', `long ${'x'.repeat(200_000)}`]) {
          const url = harness.url('accepts');
          await accepted(transport, requestTo(url, { body }));
          deepEqual(
            harness.received(url).map((request) => request.body),
            [body],
            'another body arrived',
          );
        }
      });
    },
  },
  {
    name: 'send delivers every header as it is, in order',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const url = harness.url('accepts');
        const headers = [
          'content-type',
          'text/plain;charset=utf-8',
          'webhook-id',
          'id-1',
          'x-spaced',
          'a  b',
          'x-empty-ish',
          '0',
        ];
        headers.push('webhook-signature', 'v1,YWJj v1,ZGVm', 'x-last', 'last');
        await accepted(transport, requestTo(url, { headers }));
        const arrived = harness.received(url)[0]?.headers ?? [];
        const names = new Set(headers.filter((_, index) => index % 2 === 0));
        const kept = arrived.filter((_, index) => names.has((arrived[index - (index % 2)] ?? '').toLowerCase()));
        deepEqual(
          kept.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text)),
          headers,
          'other headers arrived',
        );
      });
    },
  },
  {
    name: 'send resolves with success when the receiver accepts',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const { status, answer } = await accepted(transport, requestTo(harness.url('accepts')));
        ok(status === 0 || (status >= 200 && status <= 299), `the status is ${status}`);
        equal(typeof answer, 'string', 'the answer is not text');
      });
    },
  },
  {
    name: 'send resolves with a failure of the endpoint when the receiver fails',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const url = harness.url('fails');
        const { fault, unsent, retryAfterMs } = await refused(transport, requestTo(url));
        deepEqual({ fault, unsent, retryAfterMs }, { fault: 'endpoint', unsent: false, retryAfterMs: null });
        equal(harness.received(url).length, 1, 'it did not arrive exactly once');
      });
    },
  },
  {
    name: 'send calls an endpoint gone that says so',
    needs: ['gone'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const { fault } = await refused(transport, requestTo(harness.url('gone')));
        equal(fault, 'gone', 'an endpoint that is gone for good must be told from one that fails');
      });
    },
  },
  {
    name: 'send tells for how many milliseconds a busy endpoint asks, in seconds or until a date',
    needs: ['busy for 7 s', 'busy for an hour'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const seconds = await refused(transport, requestTo(harness.url('busy for 7 s')));
        equal(seconds.fault, 'busy', 'an endpoint that asks for time must be told from one that fails');
        equal(seconds.retryAfterMs, 7_000, 'the time that it asks for was not passed on');
        const date = await refused(transport, requestTo(harness.url('busy for an hour')));
        const asked = date.retryAfterMs ?? 0;
        ok(date.fault === 'busy' && asked > 3_500_000 && asked <= 3_600_000, `it asks for an hour, not for ${asked} ms`);
      });
    },
  },
  {
    name: 'send calls an endpoint busy that does not say for how long',
    needs: ['busy, badly said', 'unavailable'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        for (const behaviour of ['busy, badly said', 'unavailable'] as const) {
          const { fault, retryAfterMs } = await refused(transport, requestTo(harness.url(behaviour)));
          deepEqual({ fault, retryAfterMs }, { fault: 'busy', retryAfterMs: null }, `an endpoint that is ${behaviour}`);
        }
      });
    },
  },
  {
    name: 'send does not go where an endpoint sends it',
    needs: ['redirects'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const before = harness.count();
        const { fault } = await refused(transport, requestTo(harness.url('redirects')));
        equal(fault, 'endpoint', 'a redirect is a failure of the endpoint');
        equal(harness.count() - before, 1, 'a redirect was followed');
      });
    },
  },
  {
    name: 'send keeps at most 4 KiB of an answer, and breaks no character',
    needs: ['answers at length'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const { answer } = await accepted(transport, requestTo(harness.url('answers at length')));
        const bytes = Buffer.byteLength(answer);
        ok(bytes <= maxAnswerBytes, `${bytes} bytes of the answer were kept`);
        ok(bytes > maxAnswerBytes / 2, `only ${bytes} bytes of the answer were kept`);
        equal(answer.replaceAll('é', ''), '', 'the answer was broken');
      });
    },
  },
  {
    name: 'send takes an answer that never ends for what its status says',
    needs: ['answers for ever'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const { answer } = await accepted(transport, requestTo(harness.url('answers for ever')));
        ok(Buffer.byteLength(answer) <= maxAnswerBytes, 'more than 4 KiB of the answer were kept');
      });
    },
  },
  {
    name: 'send makes well-formed text of at most 4 KiB of whatever an answer has in it',
    needs: ['answers invalid text'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const { answer } = await accepted(transport, requestTo(harness.url('answers invalid text')));
        ok(answer.isWellFormed() && !answer.includes('\0'), 'the text is not well-formed');
        const bytes = Buffer.byteLength(answer);
        ok(bytes <= maxAnswerBytes, `the text has ${bytes} bytes`);
      });
    },
  },
];
