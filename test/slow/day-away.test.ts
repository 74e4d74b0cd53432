// An endpoint that is away for a simulated day while its events go on. HOOKWELL_DAY_PER_SECOND says how many of them there
// are in a second (0.05), and HOOKWELL_DAY_HELD how many may be held (2,000): with 50 and 100000 it is the measurement of
// docs/operations.md.

import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter, TransportRequest, TransportResult } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { delivered, failed, mary, scriptedTransport, startByHand, temporaryFile, toldAs } from '../engine-fixture.ts';

const perSecond = Number(process.env['HOOKWELL_DAY_PER_SECOND'] ?? 0.05);
const maxPerLane = Number(process.env['HOOKWELL_DAY_HELD'] ?? 2_000);
const second = 1_000;
const minute = 60 * second;
const minutesOfDay = 24 * 60;
const account = 7;
const perMinute = Math.round(60 * perSecond);
const total = minutesOfDay * perMinute;

async function beAwayForADay(t: ExecutionContext, storage: StorageAdapter): Promise<void> {
  t.timeout(10 * minute + 2 * total);
  let isAway = true;
  /** The records of a minute that were sent to each endpoint, in the order in which that was. */
  const sent = { 'script://away': [] as number[], 'script://live': [] as number[] };
  const transport = {
    ...scriptedTransport(),
    send: async ({ url, body }: TransportRequest): Promise<TransportResult> => {
      sent[url as keyof typeof sent].push(Number(new URLSearchParams(body).get('data[id]')));
      return isAway && url === 'script://away' ? failed('endpoint', 'connection refused') : delivered;
    },
  };
  const { engine, clock, told } = await startByHand(t, storage, {
    transports: [transport],
    // In its order one delivery is tried at a time, so that an hour does not see ten failures.
    health: { suspendAfterFailures: 3 },
    held: { maxPerLane },
    retention: { maxAttemptsPerAccount: 10 * total },
    replay: { pacePerSecond: 10_000, maxUnfinished: 10_000 },
  });
  const subscribe = { accountId: account, ordering: 'subscription' } as const;
  const away = await engine.subscriptions.create({ ...subscribe, url: 'script://away', topic: 'sub_tag(3)' });
  await engine.subscriptions.create({ accountId: account, url: 'script://live', topic: 'sub_tag(4)' });

  let attemptsSuspended = 0;
  for (let passed = 0; passed < minutesOfDay; passed += 1) {
    const first = passed * perMinute + 1;
    const emits = Array.from({ length: perMinute }, async (_, index) => {
      const event = { accountId: account, objectType: 0, record: { ...mary, id: first + index } } as const;
      return Promise.all([engine.emit('sub_tag(3)', event), engine.emit('sub_tag(4)', event)]);
    });
    await Promise.all(emits);
    await engine.deliverDue();
    t.is(sent['script://live'].splice(0).length, perMinute, `minute ${passed}: live events are sent as they come`);
    const attempts = sent['script://away'].splice(0).length;
    // It is suspended at the first failure after an hour of them, which the schedule of retries has within three.
    if (passed > 180) attemptsSuspended += attempts;
    clock.move(minute);
  }
  t.is((await engine.subscriptions.get(account, away.id)).health, 'suspended');
  t.true(attemptsSuspended <= 4 * 21, `${attemptsSuspended} probes, one every quarter of an hour`);

  isAway = false;
  const arrived: number[] = [];
  for (let passed = 0; passed < 60 && (await engine.deliveries.backlog(account)).length > 0; passed += 1) {
    await engine.deliverDue();
    arrived.push(...sent['script://away'].splice(0));
    clock.move(minute);
  }
  // The first one was being tried all the while, and is due later than all that wait behind it.
  const newest = Array.from({ length: arrived.length - 1 }, (_, index) => total - arrived.length + 2 + index);
  t.deepEqual(arrived, [1, ...newest], 'the newest ones, each once and in the order in which they happened');
  const cut = toldAs(told, 'subscription:cut').reduce((sum, { tooMany, tooOld }) => sum + tooMany + tooOld, 0);
  t.is(cut + arrived.length, total, 'what did not arrive is told to have been cut');
  t.true(arrived.length >= maxPerLane, `${arrived.length} arrived`);

  const replay = await engine.replays.create(account, { subscriptionId: away.id, outcomes: ['cancelled'] });
  for (let passed = 0; (await engine.replays.get(account, replay.id)).state === 'running' && passed < 1_000; passed += 1) {
    clock.move(second);
    await engine.deliverDue();
    arrived.push(...sent['script://away'].splice(0));
  }
  t.like(await engine.replays.get(account, replay.id), { state: 'done', matched: cut, delivered: cut });
  t.is(new Set(arrived).size, total, 'what was cut can be sent again');
  t.is(arrived.length, total, 'nothing came twice');
  t.log(`${total} events; ${attemptsSuspended} probes; ${cut} cut, told and sent again`);
}

test.serial(
  'memory: an endpoint that was away for a day gets what was held in order, and what was cut when asked for',
  async (t) => {
    await beAwayForADay(t, memoryStorage());
  },
);

test.serial(
  'sqlite: an endpoint that was away for a day gets what was held in order, and what was cut when asked for',
  async (t) => {
    await beAwayForADay(t, sqliteStorage({ filename: temporaryFile(t) }));
  },
);
