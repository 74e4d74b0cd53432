import { deepEqual, equal, ok } from 'node:assert/strict';
import { accepted, graceMs, requestTo, settle, within, withTransport } from './transport-checks.ts';
import type { TransportConformanceCase } from './transport-conformance.ts';

const now = Date.now;

/** The promises about what a transport is, and about its start and its end. */
export const transportLifeCases: readonly TransportConformanceCase[] = [
  {
    name: 'name is what messages call it',
    needs: [],
    async run({ createTransport }) {
      const { name } = createTransport();
      ok(typeof name === 'string' && name.trim() !== '', 'the name is empty');
    },
  },
  {
    name: 'schemes are in lower case and end with their colon',
    needs: [],
    async run({ createTransport }) {
      const { schemes } = createTransport();
      ok(schemes.length > 0, 'it has no scheme');
      for (const scheme of schemes) ok(/^[a-z][a-z0-9+.-]*:$/.test(scheme), `${JSON.stringify(scheme)} is not such a scheme`);
    },
  },
  {
    name: 'deadlineMs is a number of milliseconds, from 200 to 1,000 in a harness',
    needs: [],
    async run({ createTransport }) {
      const { deadlineMs } = createTransport();
      ok(deadlineMs >= 200 && deadlineMs <= 1_000, `it is ${deadlineMs}`);
    },
  },
  {
    name: 'start called a second time changes nothing',
    needs: [],
    async run(harness) {
      const transport = harness.createTransport();
      await transport.start({ now });
      const url = harness.url('accepts late');
      const early = settle(transport, requestTo(url));
      const late = transport.start({ now }).then(async () => settle(transport, requestTo(url)));
      const results = await Promise.all([early, late]);
      deepEqual(
        results.map((result) => result.ok),
        [true, true],
        'a request failed after the second start',
      );
      await within(graceMs, transport.stop(), 'stop had not resolved with nothing in flight');
    },
  },
  {
    name: 'checkUrl has nothing to say about a URL that it sends to',
    needs: [],
    async run(harness) {
      equal(harness.createTransport().checkUrl(harness.url('accepts')), null, 'it complains of a good URL');
    },
  },
  {
    name: 'checkUrl says in one sentence what is wrong with another scheme, and with what is no URL',
    needs: [],
    async run({ createTransport }) {
      const transport = createTransport();
      for (const url of ['hookwell-unheard-of://host/path', '', 'nonsense', '//host/path']) {
        const sentence = transport.checkUrl(url);
        ok(sentence !== null && sentence.trim() !== '', `it has nothing to say about ${JSON.stringify(url)}`);
        ok(!/[\r\n]/.test(sentence), `what it says about ${JSON.stringify(url)} is more than one line`);
      }
    },
  },
  {
    name: 'stop waits for what is in flight',
    needs: [],
    async run(harness) {
      const transport = harness.createTransport();
      await transport.start({ now });
      let settled = false;
      const sent = accepted(transport, requestTo(harness.url('accepts late'))).finally(() => {
        settled = true;
      });
      const stopped = transport.stop().then(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ok(settled, 'stop resolved while a request was in flight');
      });
      await within(transport.deadlineMs + graceMs, Promise.all([stopped, sent]), 'stop or a request never ended');
    },
  },
  {
    name: 'stop ends by the deadline when a receiver never answers',
    needs: [],
    async run(harness) {
      const transport = harness.createTransport();
      await transport.start({ now });
      const sent = settle(transport, requestTo(harness.url('never answers')));
      const stopped = within(transport.deadlineMs + graceMs, transport.stop(), 'stop had not resolved after the deadline');
      const [result] = await Promise.all([sent, stopped]);
      equal(result.ok, false, 'a request that was never answered succeeded');
    },
  },
  {
    name: 'stop called a second time changes nothing, nor without a start',
    needs: [],
    async run(harness) {
      await within(graceMs, harness.createTransport().stop(), 'stop had not resolved before any start');
      const transport = harness.createTransport();
      await transport.start({ now });
      await accepted(transport, requestTo(harness.url('accepts')));
      await within(graceMs, Promise.all([transport.stop(), transport.stop()]), 'two stops at once had not resolved');
      await within(graceMs, transport.stop(), 'a late stop had not resolved');
    },
  },
  {
    name: 'send resolves with a failure of our own once it has been stopped',
    needs: [],
    async run(harness) {
      const transport = harness.createTransport();
      await transport.start({ now });
      await transport.stop();
      const result = await settle(transport, requestTo(harness.url('accepts')));
      ok(!result.ok && result.fault === 'local', 'it was not called a fault of our own');
    },
  },
  {
    name: 'send has many requests in flight at once, and mixes nothing up',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const urls = Array.from({ length: 5 }, () => harness.url('accepts'));
        const all = urls.flatMap((url) => Array.from({ length: 40 }, (_, index) => requestTo(url, { body: `${url} ${index}` })));
        await Promise.all(all.map(async (request) => accepted(transport, request)));
        const arrived = urls.flatMap((url) => harness.received(url).map(({ body }) => ({ url, body })));
        const sent = all.map(({ url, body }) => ({ url, body }));
        const inOrder = (list: readonly { url: string; body: string }[]): string[] =>
          list.map((item) => JSON.stringify(item)).toSorted();
        deepEqual(inOrder(arrived), inOrder(sent), 'what arrived is not what was sent, once each');
      });
    },
  },
];
