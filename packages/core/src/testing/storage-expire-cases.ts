import { deepEqual, equal, ok } from 'node:assert/strict';
import { lacksRecord } from '../model/gone-record.ts';
import { lateMetadata } from '../model/late-record.ts';
import type { ExpireRequest, ExpireResult } from '../model/retention.ts';
import type { Subscription } from '../model/subscription.ts';
import { everything, storageCase } from './storage-checks.ts';
import { claimFirst, findAll, finish, replayFilter, stepOf } from './storage-replay-trial.ts';
import type { StorageTrial } from './storage-trial.ts';

const nothing: ExpireResult = { answers: 0, records: 0 };

/** Calls until nothing is left to empty; answers how much it was. */
async function expireAll(trial: StorageTrial, given: Partial<ExpireRequest> = {}): Promise<ExpireResult> {
  let sum = nothing;
  for (let calls = 0; ; calls += 1) {
    ok(calls < 1_000, 'it never comes to an end');
    const request: ExpireRequest = { answersAfterMs: null, recordsAfterMs: null, limit: 100, ...given };
    const { answers, records } = await trial.storage.expireBodies(request);
    for (const count of [answers, records]) ok(count <= request.limit, `${count} rows of a kind were emptied in one call`);
    if (answers + records === 0) return sum;
    sum = { answers: sum.answers + answers, records: sum.records + records };
  }
}

/** The same for records that are older than a span. */
async function expireRecords(trial: StorageTrial, limit = 100): Promise<number> {
  return (await expireAll(trial, { recordsAfterMs: trial.spanMs, limit })).records;
}

/** Whether the records of an account's events are still kept, in the order of the ids. */
async function areKept(trial: StorageTrial, ids: readonly string[], accountId = 'a'): Promise<boolean[]> {
  const events = await trial.storage.findEvents(accountId, ids);
  return ids.map((id) => events.some((event) => event.id === id && !lacksRecord(event)));
}

/** Sends a delivery that ends; answers its id and its event's. */
async function send(
  trial: StorageTrial,
  lane: Subscription,
  answer = 'fine',
): Promise<{ readonly id: string; readonly eventId: string }> {
  const claim = await trial.claimOne(lane);
  const { accountId, topic } = lane;
  await trial.record(trial.outcome(claim, { accountId, topic, answer, startedAt: await trial.now() }));
  return claim;
}

/** The promises about what is kept for a shorter time than its row. */
export const storageExpireCases = [
  storageCase(
    'expireBodies empties the answers of old lines, and leaves the rest of them and young ones alone',
    async (trial) => {
      const lane = await trial.subscribe();
      await send(trial, lane, 'first');
      await send(trial, lane, 'second');
      const failed = await trial.claimOne(lane);
      await trial.record(trial.failure(failed, { answer: 'try later', startedAt: await trial.now() }));
      await trial.pass(2 * trial.spanMs);
      await send(trial, lane, 'third');
      const before = (await trial.storage.listAttempts('a', everything)).rows;
      deepEqual(await expireAll(trial, {}), nothing, 'it empties what is to be kept for as long as its row');
      const expired = await expireAll(trial, { answersAfterMs: trial.spanMs, limit: 2 });
      const { rows } = await trial.storage.listAttempts('a', everything);
      const wanted = before.map((line) => (line.answer === 'third' ? line : Object.assign(line, { answer: '' })));
      deepEqual(rows, wanted, 'not just the answers of old lines are gone');
      deepEqual(expired, { answers: 3, records: 0 }, 'it does not tell how many answers it emptied');
      await trial.pass(2 * trial.spanMs);
      deepEqual(
        await expireAll(trial, { answersAfterMs: trial.spanMs }),
        { answers: 1, records: 0 },
        'an answer was kept too long',
      );
    },
  ),

  storageCase('expireBodies leaves of an old record its id, marks its event, and changes nothing else of it', async (trial) => {
    const lane = await trial.subscribe();
    const { eventId } = await send(trial, lane);
    const named = trial.batch([lane], { record: { id: 'x-42', firstname: 'Mary' } });
    await trial.storage.storeEvents(named);
    const [claim] = (await trial.claim()).claims;
    await trial.record(trial.outcome(claim!, { startedAt: await trial.now() }));
    const unheard = trial.event({ topic: 'sub_tag(99)' });
    const late = trial.event({ topic: 'sub_tag(99)', record: { id: 7 }, metadata: { ...lateMetadata } });
    const alone = { events: [unheard, late], deliveries: [], fence: trial.newId(), leaseMs: trial.spanMs };
    await trial.storage.storeEvents(alone);
    const old = [eventId, named.events[0]!.id, unheard.id];
    const before = await trial.storage.findEvents('a', old);
    equal(await expireRecords(trial), 0, 'a young record was emptied');
    await trial.pass(2 * trial.spanMs);
    const young = trial.event();
    await trial.storage.storeEvents({ ...alone, events: [young] });
    equal(await expireRecords(trial, 2), 3, 'it does not empty just the old records, and tell how many');
    const after = await trial.storage.findEvents('a', old);
    for (const event of before) {
      const { record, metadata, ...rest } = after.find(({ id }) => id === event.id) ?? event;
      deepEqual(record, { id: event.record['id'] }, 'it does not leave just the id of an old record');
      const { record: _record, metadata: others, ...same } = event;
      deepEqual(rest, same, 'it changes more of an event than its record');
      deepEqual({ ...others, ...metadata }, metadata, 'it loses what plugins keep beside an event');
    }
    deepEqual(await areKept(trial, old), [false, false, false], 'it does not mark the events of old records');
    deepEqual(
      await areKept(trial, [young.id, late.id]),
      [true, true],
      'a young event was marked, or one that is loaded when sent',
    );
  }),

  storageCase('expireBodies keeps records that unfinished deliveries need, until a while after they ended', async (trial) => {
    const [lane, other] = await trial.subscribeMany(2);
    const held = await trial.claimOne(lane!);
    const waiting = trial.batch([other!]);
    await trial.storage.storeEvents(waiting);
    const ids = [held.eventId, waiting.events[0]!.id];
    await trial.pass(2 * trial.spanMs);
    equal(await expireRecords(trial), 0, 'the record of an unfinished delivery was emptied');
    deepEqual(await areKept(trial, ids), [true, true], 'the record of an unfinished delivery was emptied');
    await trial.record(trial.outcome(held, { startedAt: await trial.now() }));
    equal(await expireRecords(trial), 0, 'a record was emptied as soon as its delivery ended');
    await trial.pass(2 * trial.spanMs);
    equal(await expireRecords(trial), 1, 'the record of a delivery that ended late is kept for as long as its event');
    deepEqual(await areKept(trial, ids), [false, true], 'not just the record of the delivery that ended was emptied');
  }),

  storageCase('expireBodies keeps records that a replay may still need, until it has looked', async (trial) => {
    const lane = await trial.subscribe();
    const theirs = await send(trial, await trial.subscribe({ accountId: 'b' }));
    const mine = await send(trial, lane);
    const claim = await claimFirst(trial);
    await trial.pass(2 * trial.spanMs);
    equal(await expireRecords(trial), 1, 'not just the record of another account than that of the replay was emptied');
    deepEqual(await areKept(trial, [mine.eventId]), [true], 'a record was emptied that a replay may still need');
    deepEqual(await areKept(trial, [theirs.eventId], 'b'), [false], 'a replay keeps records of another account');
    await trial.storage.cancelReplay('a', claim.replay.id, 'it is enough');
    equal(await expireRecords(trial), 1, 'what a replay has passed is kept for as long as its event');
  }),

  storageCase('expireBodies ends replays of a record: no delivery of it is found, or made due', async (trial) => {
    const lane = await trial.subscribe();
    const { id, eventId } = await send(trial, lane);
    const unheard = trial.event({ topic: 'sub_tag(77)' });
    await trial.storage.storeEvents({ events: [unheard], deliveries: [], fence: trial.newId(), leaseMs: trial.spanMs });
    await trial.pass(2 * trial.spanMs);
    const late = await trial.subscribe({ topic: 'sub_tag(77)' });
    equal((await findAll(trial, {})).length, 1, 'a finished delivery is not found while its record is kept');
    equal(await expireRecords(trial), 2, 'old records were not emptied');
    deepEqual(await findAll(trial, {}), [], 'a finished delivery is found whose record is gone');
    const { record: _record, missing: _missing, ...filter } = replayFilter();
    deepEqual(await findAll(trial, { looksAt: 'missing', filter }), [], 'an event is missing whose record is gone');
    equal(await trial.storage.replayDelivery('a', id), false, 'a delivery was made due whose record is gone');
    const claim = await claimFirst(trial);
    const anew = [{ id: trial.newId(), subscriptionId: late.id, eventId: unheard.id }];
    const [replay] = await trial.storage.advanceReplays([stepOf(claim, { again: [id], anew })]);
    equal(replay?.queued, 0, 'a replay made something due whose record is gone');
    deepEqual((await trial.claim()).claims, [], 'something is sent whose record is gone');
    deepEqual(await areKept(trial, [eventId]), [false], 'a record that was emptied is there again');
    const fresh = await finish(trial, lane);
    equal(await trial.storage.replayDelivery('a', fresh.id), true, 'a delivery cannot be replayed whose record is kept');
  }),
];
