import { deepEqual, equal, ok } from 'node:assert/strict';
import { everything, idsOf, refusal, storageCase } from './storage-checks.ts';
import { claimFirst, findAll, finish, newReplay, replayFilter, replayOf, stepOf } from './storage-replay-trial.ts';

/** The promises about making replays, and about finding what they would send. */
export const storageReplayCases = [
  storageCase(
    "createReplay stores a replay that runs, with the newest line of its account's log, and leaves one that is there",
    async (trial) => {
      const { storage } = trial;
      await finish(trial, await trial.subscribe());
      await finish(trial, await trial.subscribe({ accountId: 'b' }));
      const { rows } = await storage.listAttempts('a', everything);
      const record = { objectType: 0, id: '7' };
      const filter = replayFilter({ topic: 'sub_tag(3)', record, until: 9e12, outcomes: ['failed'], missing: true });
      const given = newReplay(trial, { filter, pacePerSecond: 7 });
      const made = await storage.createReplay(given);
      const { createdAt, changedAt, ...rest } = made;
      const none = { matched: 0, queued: 0, waiting: 0, delivered: 0, failed: 0, cancelled: 0, steps: 0 };
      const begun = { ...none, state: 'running', reason: '', endedAt: null, looksAt: 'finished', after: '' };
      deepEqual(
        rest,
        { ...given, ...begun, lastLine: rows[0]!.id },
        'it is not the replay that was to be stored, at its beginning',
      );
      trial.sameTime(createdAt, await trial.now(), 'a replay is not as of now');
      equal(changedAt, createdAt, 'a new replay has changed already');
      deepEqual(await replayOf(trial, given.id), made, 'it stores something else than it answers');
      const again = await storage.createReplay({ ...given, pacePerSecond: 9 });
      deepEqual(again, made, 'a replay was changed by another of its id');
      const onlyMissing = await storage.createReplay(newReplay(trial, { filter: replayFilter({ outcomes: [], missing: true }) }));
      equal(onlyMissing.looksAt, 'missing', 'a replay of what is missing alone looks at what has ended');
    },
  ),

  storageCase("listReplays answers an account's own replays, as the query says", async (trial) => {
    const { storage } = trial;
    const given = [newReplay(trial), newReplay(trial, { accountId: 'b' }), newReplay(trial)];
    for (const one of given) await storage.createReplay(one);
    await storage.cancelReplay('a', given[0]!.id, 'no longer wanted');
    const list = async (query: Partial<Parameters<typeof storage.listReplays>[1]>) => {
      const { rows, total } = await storage.listReplays('a', { ...everything, ...query });
      return [rows.map(({ id }) => id), total];
    };
    const [first, , third] = given.map(({ id }) => id);
    deepEqual(await list({}), [[first, third], 2], 'it does not list just the replays of the account');
    const sort = { field: 'id', direction: 'desc' } as const;
    deepEqual(await list({ sort, limit: 1 }), [[third], 2], 'it does not list them in the order that is asked for');
    const where = { kind: 'compare', field: 'state', operator: '=', value: 'running' } as const;
    deepEqual(await list({ where }), [[third], 1], 'it lists others than those that run');
    const unknown = { kind: 'compare', field: 'pace' as 'id', operator: '=', value: 1 } as const;
    await refusal(async () => list({ where: unknown }), 'invalid_query', 'it takes a field that there is not');
  }),

  storageCase('findReplayable answers finished deliveries of the account that ended so, by their last line', async (trial) => {
    const { storage, spanMs } = trial;
    const [lane, other, ended] = await trial.subscribeMany(3);
    const topical = await trial.subscribe({ topic: 'sub_tag(9)' });
    const now = await trial.now();
    const at = (spans: number): number => now - spans * spanMs;
    const wanted = await finish(trial, lane!, 'failed', at(5));
    const delivered = await finish(trial, lane!, 'delivered', at(5));
    const late = await finish(trial, other!, 'failed', at(2));
    const foreign = await finish(trial, await trial.subscribe({ accountId: 'b' }), 'failed', at(5));
    const tagged = await finish(trial, topical, 'cancelled', at(5));
    const over = await finish(trial, ended!, 'failed', at(5));
    await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    const retried = await trial.claimOne(lane!);
    await trial.record(trial.failure(retried, { startedAt: at(5), retryInMs: 100 * spanMs }));
    const sentSince = await finish(trial, lane!, 'failed', at(5));
    await storage.replayDelivery('a', sentSince.id);
    const [again] = (await trial.claim()).claims;
    await trial.record(trial.outcome(again!, { startedAt: at(5), number: 2 }));
    const unfinished = await finish(trial, lane!, 'failed', at(5));
    await storage.replayDelivery('a', unfinished.id);
    const find = async (given: Partial<ReturnType<typeof replayFilter>>, accountId = 'a') => {
      const { record: _record, missing: _missing, ...filter } = replayFilter(given);
      const rows = await findAll(trial, { filter, accountId });
      return rows.map(({ deliveryId }) => deliveryId);
    };
    const all = [wanted.id, delivered.id, late.id, tagged.id, sentSince.id];
    deepEqual(await find({}), all, 'it does not answer just what of the account has ended, the oldest line first');
    deepEqual(
      await find({ outcomes: ['failed'] }),
      [wanted.id, late.id],
      'it answers what has ended otherwise, or has been sent since',
    );
    deepEqual(await find({ outcomes: ['failed', 'cancelled'], from: at(4) }), [late.id], 'it answers what ended before "from"');
    deepEqual(await find({ outcomes: ['failed'], until: at(2) }), [wanted.id], 'it answers what did not end before "until"');
    deepEqual(await find({ topic: 'sub_tag(9)' }), [tagged.id], 'it answers what is of another topic');
    deepEqual(await find({ subscriptionId: other!.id }), [late.id], 'it answers what is for another subscription');
    deepEqual(await find({ subscriptionId: ended!.id }), [], `it answers "${over.id}", whose subscription has ended`);
    deepEqual(await find({}, 'b'), [foreign.id], 'an account finds deliveries of another');
    const [row] = await findAll(trial, { limit: 1 });
    const { deliveryId, subscriptionId, eventId, topic } = row!;
    deepEqual(
      [deliveryId, subscriptionId, eventId, topic],
      [wanted.id, lane!.id, wanted.eventId, lane!.topic],
      'a row does not say what it is about',
    );
  }),

  storageCase('findReplayable answers the events of the account that a subscription to their topic is missing', async (trial) => {
    const { storage } = trial;
    const [lane, late] = await trial.subscribeMany(2);
    const sent = await finish(trial, lane!);
    const waiting = trial.batch([lane!]);
    const unheard = trial.batch([]);
    const events = [trial.event(), trial.event({ topic: 'sub_tag(4)' })];
    const foreign = trial.event({ accountId: 'b' });
    await storage.storeEvents(waiting);
    await storage.storeEvents({ ...unheard, events: [...events, foreign] });
    const elsewhere = await trial.subscribe({ topic: 'sub_tag(4)' });
    const ended = await trial.subscribe();
    await storage.endSubscription('a', ended.id, 'unsubscribed by the account');
    await trial.subscribe({ accountId: 'b' });
    const find = async (given: Partial<ReturnType<typeof replayFilter>>, accountId = 'a') => {
      const { record: _record, missing: _missing, ...filter } = replayFilter(given);
      const rows = await findAll(trial, { looksAt: 'missing', filter, accountId });
      return rows.map(({ deliveryId, subscriptionId, eventId }) => [deliveryId, subscriptionId, eventId]);
    };
    const [heard, other] = events.map(({ id }) => id);
    const pairs = [
      [null, late!.id, sent.eventId],
      [null, late!.id, waiting.events[0]!.id],
      [null, lane!.id, heard],
      [null, late!.id, heard],
      [null, elsewhere.id, other],
    ];
    deepEqual(
      await find({}),
      pairs,
      'it does not answer just what subscriptions of the account are missing, the oldest event first',
    );
    deepEqual(await find({ subscriptionId: lane!.id }), [pairs[2]], 'it answers what another subscription is missing');
    deepEqual(await find({ topic: 'sub_tag(4)' }), [pairs[4]], 'it answers events of another topic');
    deepEqual(await find({ until: (await trial.now()) - 100 * trial.spanMs }), [], 'it answers what was stored after "until"');
    deepEqual(await find({ from: (await trial.now()) + 100 * trial.spanMs }), [], 'it answers what was stored before "from"');
    equal((await find({}, 'b')).length, 1, 'an account finds events of another, or not its own');
  }),

  storageCase('findReplayable goes on from any place, as far as it is told to look', async (trial) => {
    const { storage } = trial;
    const [lane] = await trial.subscribeMany(3);
    for (let index = 0; index < 7; index += 1) await finish(trial, lane!, index % 2 === 0 ? 'delivered' : 'failed');
    for (const looksAt of ['finished', 'missing'] as const) {
      const all = await findAll(trial, { looksAt });
      equal(all.length, looksAt === 'finished' ? 7 : 14, `not all that is ${looksAt} is found`);
      deepEqual(await findAll(trial, { looksAt, limit: 3 }), all, `in parts, another ${looksAt} is found`);
      for (const [index, { after }] of all.entries()) {
        deepEqual(
          await findAll(trial, { looksAt, after }),
          all.slice(index + 1),
          `a search for what is ${looksAt} goes on elsewhere`,
        );
      }
    }
    const lines = (await storage.listAttempts('a', everything)).rows;
    const early = await findAll(trial, { lastLine: lines[2]!.id });
    equal(early.length, 3, 'lines count that are newer than the last one');
    const { record: _record, missing: _missing, ...filter } = replayFilter({ outcomes: ['cancelled'] });
    const page = await storage.findReplayable('a', { looksAt: 'finished', filter, lastLine: null, after: '', limit: 3 });
    ok(page.after !== null && page.rows.length === 0, 'it looks at more rows than it is told to');
  }),

  storageCase("cancelReplay ends the account's own replay that runs", async (trial) => {
    const { storage } = trial;
    const claim = await claimFirst(trial);
    const { id } = claim.replay;
    equal(await storage.cancelReplay('b', id, 'not mine'), null, 'an account cancelled a replay of another');
    equal(await storage.cancelReplay('a', trial.newId(), 'not there'), null, 'it cancelled a replay that there is not');
    const cancelled = await storage.cancelReplay('a', id, 'no longer wanted');
    const { state, reason, endedAt } = cancelled!;
    deepEqual([state, reason], ['cancelled', 'no longer wanted'], 'a replay that was cancelled does not say so, and why');
    trial.sameTime(endedAt, await trial.now(), 'a replay does not say when it was cancelled');
    deepEqual(await replayOf(trial, id), cancelled, 'it stores something else than it answers');
    equal(await storage.cancelReplay('a', id, 'once more'), null, 'a replay that has ended was cancelled');
    deepEqual(await storage.advanceReplays([stepOf(claim)]), [null], 'a replay that was cancelled goes on');
    await trial.pass(2 * trial.spanMs);
    const { claims } = await storage.claimReplays({ fence: trial.newId(), leaseMs: trial.spanMs, limit: 10 });
    deepEqual(claims, [], 'a replay that was cancelled was claimed');
  }),

  storageCase('prune spares what a replay may still need, and forgets replays that ended long ago', async (trial) => {
    const { storage, spanMs } = trial;
    const [mine, theirs] = [await trial.subscribe(), await trial.subscribe({ accountId: 'b' })];
    const finished = [await finish(trial, mine), await finish(trial, theirs)];
    const unheard = [trial.event({ topic: 'sub_tag(99)' }), trial.event({ topic: 'sub_tag(99)', accountId: 'b' })];
    await storage.storeEvents({ ...trial.batch([]), events: unheard });
    const ended = await storage.createReplay(newReplay(trial, { accountId: 'b' }));
    await storage.cancelReplay('b', ended.id, 'no longer wanted');
    await trial.pass(3 * spanMs);
    const claim = await claimFirst(trial);
    const request = { deliveredAfterMs: spanMs, failedAfterMs: spanMs, maxAttemptsPerAccount: 0, accounts: [], limit: 1_000 };
    const pruneAll = async (): Promise<void> => {
      for (let calls = 0; calls < 20; calls += 1) await storage.prune(request);
    };
    const left = async (account: string) => [
      (await storage.listAttempts(account, everything)).total,
      idsOf(
        await storage.findEvents(
          account,
          [...unheard, ...finished].map((row) => ('eventId' in row ? row.eventId : row.id)),
        ),
      ).length,
      (await storage.listReplays(account, everything)).total,
    ];
    await pruneAll();
    deepEqual(await left('a'), [1, 2, 1], 'a line, an event or a replay went that a replay still needs');
    deepEqual(await left('b'), [0, 0, 0], 'what no replay needs was kept, or a replay that ended long ago');
    await storage.advanceReplays([stepOf(claim, { place: { looksAt: 'nothing', after: '' } })]);
    await pruneAll();
    deepEqual(await left('a'), [0, 0, 1], 'what a replay has looked at is kept for ever');
  }),
];
