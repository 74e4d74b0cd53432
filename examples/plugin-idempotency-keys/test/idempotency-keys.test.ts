import { functionTransport } from '@hookwell/adapters/function';
import { memoryStorage } from '@hookwell/adapters/memory';
import { createEngine, ontraportCatalog, type TransportRequest } from '@hookwell/core';
import { testClock } from '@hookwell/core/testing';
import { idempotencyKeys, type IdempotencyKeysOptions } from '@hookwell/example-plugin-idempotency-keys';
import test, { type ExecutionContext } from 'ava';

/** Two subscriptions to one event, the first attempt of each of which fails; the requests in the order of their sending. */
async function run(t: ExecutionContext, given?: IdempotencyKeysOptions) {
  const clock = testClock();
  const plugin = idempotencyKeys(given);
  const sent: TransportRequest[] = [];
  const transport = functionTransport({
    send(request) {
      sent.push(request);
      if (sent.length <= 2) throw new Error('out of order');
    },
  });
  const engine = createEngine({
    storage: memoryStorage(),
    transports: [transport],
    catalog: ontraportCatalog,
    plugins: [plugin],
    now: clock.now,
    monotonicNow: clock.monotonicNow,
  });
  t.teardown(engine.stop);
  await engine.start({ deliver: false });
  for (let made = 0; made < 2; made += 1) {
    await engine.subscriptions.create({ accountId: 1, url: 'function:hook', topic: 'sub_tag(3)' });
  }
  const { id } = await engine.emit('sub_tag(3)', { accountId: 1, objectType: 'Contact', record: { id: 8 } });
  await engine.deliverDue();
  clock.move(86_400_000);
  await engine.deliverDue();
  return { eventId: id, sent, counts: plugin.counts() };
}

const keyOf = ({ headers }: TransportRequest, header = 'idempotency-key'): string | undefined =>
  headers[headers.indexOf(header) + 1];

test('every attempt of a delivery carries the same key, and every delivery another one', async (t) => {
  const { sent } = await run(t);
  t.is(sent.length, 4);
  for (const request of sent) t.is(keyOf(request), `"${request.deliveryId}"`);
  t.is(new Set(sent.map((request) => keyOf(request))).size, 2);
});

test('all deliveries of an event carry the same key where that is wanted, in the header that is wanted', async (t) => {
  const { sent, eventId } = await run(t, { per: 'event', header: 'x-event' });
  t.deepEqual(
    sent.map((request) => keyOf(request, 'x-event')),
    Array.from({ length: 4 }, () => `"${eventId}"`),
  );
});

test('outcomes are counted, and nobody can change the counts', async (t) => {
  const { counts } = await run(t);
  t.deepEqual(counts, { delivered: 2, retry: 2, failed: 0, cancelled: 0 });
});

test('options that make no header are refused', (t) => {
  t.throws(() => idempotencyKeys({ header: 'no header' }), {
    message: /^idempotencyKeys: option "header" is "no header", but it must/,
  });
  t.throws(() => idempotencyKeys({ per: 'attempt' } as never), {
    message: /^idempotencyKeys: option "per" is "attempt", but it must/,
  });
});
