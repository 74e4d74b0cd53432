import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { delivered, failed, mary, scriptedTransport, startForReal, toldAs, type StorageKind } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;
const never = 300_000;

/** A storage that counts how often it is asked for work. */
function counting(t: ExecutionContext, kind: StorageKind) {
  const storage = kind.make(t);
  const asked = { claims: 0, nextDue: 0 };
  const onClaim: (() => void)[] = [];
  const counted: StorageAdapter = {
    ...storage,
    async claimDeliveries(request) {
      asked.claims += 1;
      for (const look of onClaim) look();
      return storage.claimDeliveries(request);
    },
    async nextDueInMs() {
      asked.nextDue += 1;
      return storage.nextDueInMs();
    },
  };
  const until = async (claims: number): Promise<void> =>
    new Promise((resolve) => {
      onClaim.push(() => {
        if (asked.claims >= claims) resolve();
      });
    });
  return { counted, asked, until };
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

for (const kind of storages) {
  test(`${kind.name}: an engine with nothing to do asks for work as often as it polls, and no more`, async (t) => {
    const { counted, asked, until } = counting(t, kind);
    const began = performance.now();
    await startForReal(t, counted, { pollEveryMs: 100 });
    await until(5);
    // Timers may be a millisecond early, and never late in a way that would help.
    t.true(performance.now() - began >= 4 * 99);
    t.true(asked.nextDue <= 1, `${asked.nextDue}`);
  });

  test(`${kind.name}: lanes without end that yield nothing are walked twice at the most, and then there is a rest`, async (t) => {
    const storage = kind.make(t);
    let claims = 0;
    const endless: StorageAdapter = {
      ...storage,
      async claimDeliveries({ after }) {
        claims += 1;
        return { claims: [], subscriptions: [], events: [], cursor: (after + 1_000) % 3_000, more: true };
      },
    };
    await startForReal(t, endless, { pollEveryMs: never });
    await turns(50);
    t.true(claims >= 3 && claims <= 6, `${claims}`);
  });

  test(`${kind.name}: what there is room for is sent as soon as it is stored, without being claimed`, async (t) => {
    const { counted, asked } = counting(t, kind);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, counted, { transports: [transport], pollEveryMs: never });
    await engine.subscriptions.create(wish);
    await turns(5);
    const { claims } = asked;
    for (let n = 0; n < 40; n += 1) await engine.emit('sub_tag(3)', emission);
    await turns(5);
    t.is(transport.sent.length, 40);
    t.is(asked.claims, claims);
  });

  test(`${kind.name}: nobody asks for work of a lane that is known to be closed, however much is emitted for it`, async (t) => {
    const { counted, asked } = counting(t, kind);
    const transport = scriptedTransport(() => failed('busy', 'HTTP 429', { status: 429, retryAfterMs: 3_600_000 }));
    const { engine, told } = await startForReal(t, counted, { transports: [transport], pollEveryMs: never });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    while (toldAs(told, 'delivery:retrying').length === 0) await turns(1);
    await turns(10);
    const { claims } = asked;
    for (let n = 0; n < 50; n += 1) {
      await engine.emit('sub_tag(3)', emission);
      await turns(1);
    }
    t.is(transport.sent.length, 1);
    t.is(asked.claims, claims);
    t.is((await engine.deliveries.list(7)).total, 51);
  });

  test(`${kind.name}: retries come on time beside an endpoint that hangs with a backlog`, async (t) => {
    const hanging: (() => void)[] = [];
    let refused = 0;
    const transport = scriptedTransport(async ({ url }) => {
      if (url === 'script:hang') await new Promise<void>((resolve) => void hanging.push(resolve));
      else if (refused < 4) {
        refused += 1;
        return failed('endpoint', 'HTTP 500');
      }
      return delivered;
    });
    const { engine, told } = await startForReal(t, kind.make(t), {
      transports: [transport],
      laneConcurrency: 2,
      pollEveryMs: never,
      retry: { scheduleMs: [100, 100, 100], jitter: 0 },
    });
    t.teardown(() => {
      transport.result = () => delivered;
      for (const resolve of hanging) resolve();
    });
    await engine.subscriptions.create({ ...wish, url: 'script:hang', topic: 'sub_tag(1)' });
    await engine.subscriptions.create(wish);
    await Promise.all(Array.from({ length: 20 }, async () => engine.emit('sub_tag(1)', emission)));
    const done = new Promise<void>((resolve) => {
      engine.events.on('delivery:delivered', () => {
        if (toldAs(told, 'delivery:delivered').length === 2) resolve();
      });
    });
    // The second one fails while the first one waits, and is due later than it.
    await engine.emit('sub_tag(3)', emission);
    while (refused < 1) await turns(1);
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    await engine.emit('sub_tag(3)', emission);
    await done;
    t.is(hanging.length, 2);
  });
}
