import { equal, ok } from 'node:assert/strict';
import { accepted, graceMs, refused, requestTo, settle, withTransport } from './transport-checks.ts';
import type { TransportConformanceCase } from './transport-conformance.ts';
import type { SpecialBehaviour } from './transport-harness.ts';

/** Receivers that go on for ever without a complete answer. */
const endless = ['drips headers', 'drips body', 'informs'] as const satisfies readonly SpecialBehaviour[];

/** Receivers that end in trouble at once. */
const broken = [
  'absent',
  'resets',
  'breaks off',
  'garbage',
  'invalid status',
  'huge headers',
] as const satisfies readonly SpecialBehaviour[];

/** The promises about receivers that answer badly, or not at all. */
export const transportTroubleCases: readonly TransportConformanceCase[] = [
  {
    name: 'send has settled by its deadline when the receiver never answers',
    needs: [],
    run: async (harness) => settlesByDeadline(harness, 'never answers'),
  },
  ...endless.map((behaviour) => ({
    name: `send has settled by its deadline when the receiver ${behaviour}`,
    needs: [behaviour],
    run: async (harness: Parameters<TransportConformanceCase['run']>[0]) => settlesByDeadline(harness, behaviour),
  })),
  {
    name: 'send holds up nobody else while a receiver never answers',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const stuck = harness.url('never answers');
        const waiting = Array.from({ length: 20 }, async () => refused(transport, requestTo(stuck)));
        const other = timed(async () => accepted(transport, requestTo(harness.url('accepts'))));
        const [took] = await Promise.all([other, ...waiting]);
        ok(took < transport.deadlineMs, `another receiver had to wait for ${Math.round(took)} ms`);
      });
    },
  },
  {
    name: 'send gives each request its own time, however many are overdue',
    needs: [],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const url = harness.url('never answers');
        const pause = transport.deadlineMs / 4;
        const took: Promise<number>[] = [];
        for (let index = 0; index < 4; index += 1) {
          took.push(timed(async () => settle(transport, requestTo(url))));
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
        for (const ms of await Promise.all(took)) {
          ok(ms > transport.deadlineMs / 2, `a request had only ${Math.round(ms)} ms`);
          ok(ms < transport.deadlineMs + graceMs, `a request had ${Math.round(ms)} ms`);
        }
      });
    },
  },
  ...broken.map((behaviour) => ({
    name: `send resolves with a failure of the endpoint when the receiver is or does this: ${behaviour}`,
    needs: [behaviour],
    async run(harness: Parameters<TransportConformanceCase['run']>[0]): Promise<void> {
      await withTransport(harness, async (transport) => {
        const url = harness.url(behaviour);
        const { fault, reason, unsent } = await refused(transport, requestTo(url));
        equal(fault, 'endpoint', `it was called ${fault}: ${reason}`);
        ok(!/\d+\.\d+\.\d+\.\d+|::/.test(reason), `the reason tells an address: ${reason}`);
        ok(!(unsent && harness.received(url).length > 0), 'a request that had arrived was called unsent');
        await accepted(transport, requestTo(harness.url('accepts')));
      });
    },
  })),
  {
    name: 'send calls no request unsent that has arrived, not even on a connection that was kept',
    needs: ['closes second'],
    async run(harness) {
      await withTransport(harness, async (transport) => {
        const url = harness.url('closes second');
        for (let round = 0; round < 20; round += 1) {
          const before = harness.received(url).length;
          const result = await settle(transport, requestTo(url));
          const arrived = harness.received(url).length - before;
          if (!result.ok && result.unsent) equal(arrived, 0, 'a request that had arrived was called unsent');
          else equal(arrived, 1, 'a request did not arrive exactly once');
        }
      });
    },
  },
];

async function settlesByDeadline(
  harness: Parameters<TransportConformanceCase['run']>[0],
  behaviour: 'never answers' | SpecialBehaviour,
): Promise<void> {
  await withTransport(harness, async (transport) => {
    const took = await timed(async () => {
      const { fault, unsent } = await refused(transport, requestTo(harness.url(behaviour)));
      equal(fault, 'endpoint', `it was called ${fault}`);
      equal(unsent, false, 'a request that had arrived was called unsent');
    });
    ok(took > transport.deadlineMs * 0.75, `it gave up after ${Math.round(took)} ms of ${transport.deadlineMs}`);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
