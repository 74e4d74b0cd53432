import { deepEqual, equal, ok } from 'node:assert/strict';
import type { EraseRequest, Erased } from '../model/erasure.ts';
import { everything, idsOf, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** Calls until every event was looked at. */
async function eraseAll(trial: StorageTrial, given: Partial<Omit<EraseRequest, 'after'>> = {}, accountId = 'a'): Promise<Erased> {
  const sum = { events: 0, deliveries: 0, attempts: 0 };
  let after: string | null = null;
  for (let calls = 0; calls === 0 || after !== null; calls += 1) {
    ok(calls < 1_000, 'it never comes to an end');
    const request: EraseRequest = { objectType: 0, recordId: '42', ...given, after };
    const part: Awaited<ReturnType<typeof trial.storage.eraseRecord>> = await trial.storage.eraseRecord(accountId, request);
    for (const kind of ['events', 'deliveries', 'attempts'] as const) sum[kind] += part[kind];
    after = part.cursor;
  }
  return sum;
}

/** The promises about erasing what is stored about a record. */
export const storageEraseCases = [
  storageCase(
    'eraseRecord erases events about the record with their deliveries and lines of the log, and nothing else',
    async (trial) => {
      const lane = await trial.subscribe();
      const about = { record: { id: 42, firstname: 'Mary' }, idempotencyKey: 'order-1' };
      const done = trial.batch([lane], about);
      await trial.storage.storeEvents(done);
      const [claim] = (await trial.claim()).claims;
      await trial.record(trial.outcome(claim!));
      const waiting = trial.batch([lane], { record: { id: 42, firstname: 'Mary' } });
      await trial.storage.storeEvents(waiting);
      const others = [
        trial.batch([lane], { record: { id: 421 } }),
        trial.batch([lane], { record: { id: 4, lastname: '42' } }),
        trial.batch([lane], { record: { id: 42 }, objectType: 1 }),
        trial.batch([await trial.subscribe({ accountId: 'b' })], { record: { id: 42 } }),
      ];
      for (const batch of others) await trial.storage.storeEvents(batch);

      const erased = await eraseAll(trial);
      deepEqual(erased, { events: 2, deliveries: 1, attempts: 1 }, 'it does not tell how much it erased');
      const ids = [...done.events, ...waiting.events].map(({ id }) => id);
      deepEqual(await trial.storage.findEvents('a', ids), [], 'an event about the record is still there');
      deepEqual((await trial.storage.listAttempts('a', everything)).rows, [], 'the log still tells of it');
      const left = others.slice(0, 3).flatMap((batch) => batch.deliveries);
      deepEqual(
        idsOf((await trial.storage.listDeliveries('a', everything)).rows),
        idsOf(left),
        'not just deliveries about the record went',
      );
      for (const [index, { events }] of others.entries()) {
        const found = await trial.storage.findEvents(index === 3 ? 'b' : 'a', idsOf(events) as string[]);
        equal(found.length, 1, 'an event went that is about something else');
      }
      const again = trial.batch([lane], { ...about, record: { id: 7 } });
      const [stored] = await trial.storage.storeEvents(again);
      equal(stored?.id, again.events[0]?.id, 'the idempotency key of an erased event is still taken');
      deepEqual(await eraseAll(trial), { events: 0, deliveries: 0, attempts: 0 }, 'there was something left to erase');
    },
  ),

  storageCase('eraseRecord takes a delivery from who holds it, so that its outcome is refused', async (trial) => {
    const lane = await trial.subscribe();
    await trial.storage.storeEvents(trial.batch([lane], { record: { id: 'x-42' } }));
    const [claim] = (await trial.claim()).claims;
    deepEqual(
      await eraseAll(trial, { recordId: 'x-42' }),
      { events: 1, deliveries: 1, attempts: 0 },
      'a delivery stayed that somebody holds',
    );
    const { written } = await trial.record(trial.outcome(claim!));
    equal(written[0], false, 'the outcome of an erased delivery was written');
    deepEqual((await trial.storage.listAttempts('a', everything)).rows, [], 'the log tells of an erased delivery');
  }),

  storageCase('eraseRecord finds an event among many, in calls that each look at some', async (trial) => {
    const lane = await trial.subscribe();
    const ids: string[] = [];
    for (let batches = 0; batches < 12; batches += 1) {
      const events = Array.from({ length: 500 }, (_, index) =>
        trial.event({ record: { id: index === 250 ? 42 : 1_000 + index } }),
      );
      const deliveries =
        batches % 4 === 0
          ? [{ id: trial.newId(), accountId: 'a', subscriptionId: lane.id, eventId: events[250]!.id, leased: false }]
          : [];
      await trial.storage.storeEvents({ events, deliveries, fence: trial.newId(), leaseMs: trial.spanMs });
      ids.push(events[250]!.id);
    }
    deepEqual(await eraseAll(trial), { events: 12, deliveries: 3, attempts: 0 }, 'not all of many events were found');
    deepEqual(await trial.storage.findEvents('a', ids), [], 'an event about the record is still there');
  }),
];
