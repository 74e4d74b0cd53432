import { deepEqual, equal, ok } from 'node:assert/strict';
import { everything, idsOf, listAll, rowOf, storageCase } from './storage-checks.ts';

/** The promises about subscriptions: made, found, ended. */
export const storageSubscriptionCases = [
  storageCase('createSubscription stores a subscription as it is asked for, healthy', async (trial) => {
    const wish = {
      accountId: 'Ärzte 😀',
      url: `https://example.com/${'x'.repeat(2_000)}?q=%5B&ü`,
      topic: 'object_create(9007199254740991)',
      format: 'lightweight',
      encoding: 'json',
      data: '{"format":"lightweight","note":"Zoë’s \\" ; drop table 😀"}',
      attributes: { 'a "name"': 'Zoë’s \\" ; drop table 😀 {"json":[null]}', empty: '', long: 'x'.repeat(4_000) },
      ordering: 'record',
      coalesceMs: 5_000,
    } as const;
    const { id, createdAt, healthSince, ...rest } = await trial.subscribe(wish);
    const untouched = { consecutiveFailures: 0, failingSince: null, pausedUntil: null, reopenedAt: null };
    const never = { lastAttemptAt: null, lastStatus: 0, lastEventId: null };
    const expected = { ...wish, health: 'healthy', healthReason: '', healthVersion: 0, ...untouched, ...never };
    deepEqual({ ...rest, healthVersion: 0 }, expected, 'it is not stored as it was asked for');
    trial.sameTime(createdAt, await trial.now(), 'createdAt is not the storage’s time');
    trial.sameTime(healthSince, createdAt, 'it has not been healthy since it was made');
    ok(Number.isSafeInteger(id) && id > 0, `its id is ${id}, not a positive integer`);
    const { rows } = await trial.storage.listSubscriptions(wish.accountId, everything);
    deepEqual(rows, [{ id, createdAt, healthSince, ...rest }], 'it is listed otherwise than it was answered');
    const plain = await trial.subscribe({ attributes: {} });
    deepEqual(plain.attributes, {}, 'it has attributes that it was not given');
    deepEqual([plain.ordering, plain.coalesceMs], ['none', 0], 'it keeps an order, or is coalesced, without being asked to');
  }),

  storageCase('createSubscription gives an id larger than any before, also when those were forgotten', async (trial) => {
    let largest = 0;
    for (let round = 0; round < 3; round += 1) {
      for (const { id } of await trial.subscribeMany(3)) {
        ok(id > largest, `the id ${id} was given after ${largest}`);
        largest = id;
      }
      await trial.storage.endSubscription('a', largest, 'it is over');
      await trial.pass();
      await trial.storage.prune({ deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 100 });
    }
  }),

  storageCase('createSubscription takes two equal wishes for two subscriptions', async (trial) => {
    const pair = [await trial.subscribe(), await trial.subscribe()];
    equal(new Set(pair.map(({ id }) => id)).size, 2, 'two equal wishes became one subscription');
    const found = await trial.storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]);
    deepEqual(idsOf(found), idsOf(pair), 'not both of them are found');
  }),

  storageCase('findSubscriptions, as every call, answers rows that are the caller’s own', async (trial) => {
    const { storage } = trial;
    const lanes = await trial.subscribeMany(4);
    const [failing, moved, ended] = lanes;
    await trial.deliver(failing!, ended!);
    const claimed = await trial.claim({ leaseMs: 100 * trial.spanMs });
    const recorded = await trial.record(...claimed.claims.map((claim) => trial.failure(claim)));
    const row = await trial.move(moved!, { health: 'failing' });
    const gone = await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    await trial.deliver(failing!);
    const later = await trial.claim();
    const events = await storage.findEvents('a', idsOf(claimed.events) as string[]);
    const { subscriptions, deliveries, attempts } = await listAll(storage);
    const found = await storage.findSubscriptions([failing!]);
    const before = structuredClone([found, subscriptions, deliveries, attempts, events]);
    const claims = [...claimed.claims, ...claimed.subscriptions, ...claimed.events, ...later.claims, ...later.subscriptions];
    const answers = [...lanes, ...claims, ...recorded.subscriptions, row, gone];
    for (const answer of [...answers, ...found, ...subscriptions.rows, ...deliveries.rows, ...attempts.rows, ...events]) {
      Object.assign(answer!, { accountId: 'z', topic: 'changed', dueAt: 0, reason: 'changed', healthReason: 'changed' });
    }
    for (const { record, metadata } of [...claimed.events, ...events]) {
      for (const texts of [record, metadata]) Object.assign(texts, { firstname: 'changed' });
    }
    for (const held of [
      ...lanes,
      ...claimed.subscriptions,
      ...recorded.subscriptions,
      row!,
      gone!,
      ...found,
      ...subscriptions.rows,
    ]) {
      Object.assign(held.attributes, { sealed: 'changed' });
    }
    const again = await listAll(storage);
    deepEqual(
      [
        await storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]),
        again.subscriptions,
        again.deliveries,
        again.attempts,
        await storage.findEvents('a', idsOf(claimed.events) as string[]),
      ],
      before,
      'what a caller did with an answer changed what is stored',
    );
  }),

  storageCase('endSubscription unsubscribes with its reason, from now on', async (trial) => {
    const subscription = await trial.subscribe();
    await trial.pass();
    const ended = await trial.storage.endSubscription('a', subscription.id, 'unsubscribed by the account');
    const { healthSince, healthVersion, pausedUntil: _, ...rest } = ended!;
    const { healthSince: _since, healthVersion: version, pausedUntil: _pause, ...before } = subscription;
    const expected = { ...before, health: 'unsubscribed', healthReason: 'unsubscribed by the account' };
    deepEqual(rest, expected, 'it does not answer the ended subscription');
    trial.sameTime(healthSince, await trial.now(), 'healthSince is not the time at which it ended');
    ok(healthVersion > version, 'the version of its health was not raised');
    deepEqual(await trial.storage.findSubscriptions([subscription]), [], 'it still gets events');
  }),

  storageCase('endSubscription lets a change of health that was decided before come too late', async (trial) => {
    const subscription = await trial.subscribe();
    await trial.storage.endSubscription('a', subscription.id, 'unsubscribed by the account');
    equal(await trial.move(subscription, { health: 'healthy' }), null, 'a move brought an ended subscription back');
    deepEqual(await trial.storage.findSubscriptions([subscription]), [], 'an ended subscription gets events again');
  }),

  storageCase('endSubscription answers null, and changes nothing, when the account has no such one', async (trial) => {
    const { storage } = trial;
    const subscription = await trial.subscribe();
    const ended = await trial.subscribe();
    await storage.endSubscription('a', ended.id, 'the first reason');
    equal(await storage.endSubscription('b', subscription.id, 'not mine'), null, 'an account ended one of another');
    equal(await storage.endSubscription('a', ended.id + 1_000, 'not there'), null, 'it answered one that there is not');
    equal(await storage.endSubscription('a', ended.id, 'once more'), null, 'one that had ended was ended once more');
    deepEqual(await rowOf(storage, subscription), subscription, 'a subscription was changed by somebody else’s call');
  }),

  storageCase('findSubscriptions answers those of all the keys, each once', async (trial) => {
    const tag3 = [await trial.subscribe(), await trial.subscribe({ url: 'https://example.com/other' })];
    const tag4 = await trial.subscribe({ topic: 'sub_tag(4)' });
    const other = await trial.subscribe({ accountId: 'b' });
    await trial.subscribe({ accountId: 'b', topic: 'sub_tag(4)' });
    const keys = [
      { accountId: 'a', topic: 'sub_tag(3)' },
      { accountId: 'b', topic: 'sub_tag(3)' },
      { accountId: 'a', topic: 'sub_tag(3)' },
      { accountId: 'a', topic: 'sub_tag(4)' },
      { accountId: 'c', topic: 'sub_tag(4)' },
    ];
    const found = await trial.storage.findSubscriptions(keys);
    deepEqual(idsOf(found), idsOf([...tag3, tag4, other]), 'it does not answer just those of the keys, each once');
    deepEqual(
      found.find(({ id }) => id === other.id),
      other,
      'it answers another row than is stored',
    );
    deepEqual(await trial.storage.findSubscriptions([]), [], 'it finds something for no key at all');
  }),

  storageCase('findSubscriptions takes account and topic to the letter', async (trial) => {
    await trial.subscribe({ accountId: 'a', topic: 'sub_tag(33)' });
    await trial.subscribe({ accountId: 'A', topic: 'sub_tag(3)' });
    await trial.subscribe({ accountId: 'a ', topic: 'sub_tag(3)' });
    await trial.subscribe({ accountId: 'a', topic: 'unsub_tag(3)' });
    deepEqual(
      await trial.storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]),
      [],
      'it finds what is only alike',
    );
  }),

  storageCase('findSubscriptions answers suspended ones, and none that are unsubscribed', async (trial) => {
    const [failing, suspended, ended, gone] = await trial.subscribeMany(4);
    await trial.move(failing!, { health: 'failing' });
    await trial.move(suspended!, { health: 'suspended', reason: 'too many errors', pauseLaneMs: trial.spanMs });
    await trial.storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    await trial.move(gone!, { health: 'unsubscribed', reason: 'it is gone' });
    const found = await trial.storage.findSubscriptions([failing!]);
    deepEqual(idsOf(found), idsOf([failing!, suspended!]), 'it does not answer just the living ones');
  }),

  storageCase(
    'findSubscriptions answers what another storage has made, moved or ended',
    async (trial) => {
      const other = await trial.start(trial.make());
      const [stays, ends] = await trial.subscribeMany(2);
      deepEqual(idsOf(await other.findSubscriptions([stays!])), idsOf([stays!, ends!]), 'it does not find what another has made');
      const made = await trial.subscribe();
      await trial.storage.endSubscription('a', ends!.id, 'unsubscribed by the account');
      const moved = await trial.move(stays!, { health: 'suspended', pauseLaneMs: trial.spanMs });
      const found = await other.findSubscriptions([stays!]);
      deepEqual(
        found.toSorted((a, b) => a.id - b.id),
        [moved, made],
        'it answers what was before another has made, moved and ended some',
      );
    },
    ['opens twice'],
  ),
];
