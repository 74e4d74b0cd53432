import { hostileReceiver, httpTransportHarness, transportConformance } from '@hookwell/core/testing';
import test from 'ava';
import { httpTransport } from '../src/http/index.ts';

for (const { name, run } of transportConformance) {
  test.serial(`httpTransport keeps the promise: ${name}`, async (t) => {
    const receiver = await hostileReceiver();
    t.teardown(async () => receiver.close());
    await t.notThrowsAsync(
      run(httpTransportHarness(() => httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 300 }), receiver)),
    );
  });
}
