import { deepEqual, equal } from 'node:assert/strict';
import { deliveryOf, everything, idsOf, refusal, rowOf, storageCase, type StorageConformanceCase } from './storage-checks.ts';
import { fewRounds, race } from './storage-race.ts';

/** The promises about changes of a subscription, and about which ones are listed. */
export const storageUpdateCases: readonly StorageConformanceCase[] = [
  storageCase('listSubscriptions answers active ones, ended ones or all of them, as it is asked', async (trial) => {
    const [living, ended, gone, suspended] = await trial.subscribeMany(4);
    await trial.storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    await trial.move(gone!, { health: 'unsubscribed', reason: 'it is gone' });
    await trial.move(suspended!, { health: 'suspended', reason: 'too many errors' });
    const other = await trial.subscribe({ accountId: 'b' });
    await trial.storage.endSubscription('b', other.id, 'unsubscribed by the account');
    for (const [which, expected] of [
      ['active', [living!, suspended!]],
      ['ended', [ended!, gone!]],
      ['all', [living!, ended!, gone!, suspended!]],
    ] as const) {
      const { rows, total } = await trial.storage.listSubscriptions('a', { ...everything, which });
      deepEqual([idsOf(rows), total], [idsOf(expected), expected.length], `it does not list just those that are ${which}`);
    }
    const wrong = { ...everything, which: 'gone' as 'all' };
    await refusal(
      async () => trial.storage.listSubscriptions('a', wrong),
      'invalid_query',
      'it took "gone" for a kind of subscription',
    );
  }),

  storageCase('updateSubscription changes what it is told to, for everything from now on, and nothing else', async (trial) => {
    const { storage } = trial;
    const lane = await trial.subscribe({ data: '{"a":1}' });
    const claim = await trial.claimOne(lane);
    await trial.record(trial.failure(claim, { pauseLaneMs: trial.spanMs }));
    const before = await trial.move(await rowOf(storage, lane), { health: 'suspended', reason: 'too many errors' });
    const changes = { url: `https://example.com/${'y'.repeat(2_000)}?ü`, topic: 'sub_tag(4)', encoding: 'json' } as const;
    const changed = await storage.updateSubscription('a', lane.id, changes);
    deepEqual(changed, { ...before, ...changes }, 'it does not answer the row with just these changes');
    const all = {
      format: 'notify',
      data: '{"b":"😀"}',
      url: 'https://example.com/new',
      ordering: 'record',
      coalesceMs: 7_000,
    } as const;
    const twice = await storage.updateSubscription('a', lane.id, all);
    deepEqual(twice, { ...changed, ...all }, 'a later change changed something else');
    deepEqual(await rowOf(storage, lane), twice, 'it stores another row than it answers');
    deepEqual(
      await storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(4)' }]),
      [twice],
      'its new topic does not find it',
    );
    deepEqual(await storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]), [], 'its old topic still finds it');
    equal((await deliveryOf(storage, claim.id)).attempts, 1, 'a delivery that waits was changed');
    await trial.pass(2 * trial.spanMs);
    deepEqual((await trial.claim()).subscriptions, [twice], 'what waits is claimed with the row as it was before');
    deepEqual(await storage.updateSubscription('a', lane.id, {}), twice, 'no changes at all changed something');
  }),

  storageCase('updateSubscription merges attributes by their names, and null removes one', async (trial) => {
    const { storage } = trial;
    const { id } = await trial.subscribe({ attributes: { kept: 'k', changed: 'before', removed: 'r' } });
    const text = 'Zoë’s \\" ; drop table 😀 {"json":[null]}';
    const changes = { attributes: { changed: text, removed: null, 'new "name"': '', unknown: null } };
    const changed = await storage.updateSubscription('a', id, changes);
    const expected = { kept: 'k', changed: text, 'new "name"': '' };
    deepEqual(changed?.attributes, expected, 'attributes are not merged by their names');
    const moved = await trial.move(changed, { health: 'failing' });
    deepEqual(moved?.attributes, expected, 'a change of health lost attributes');
    await storage.updateSubscription('a', id, { url: 'https://example.com/new' });
    const [found] = await storage.findSubscriptions([changed]);
    deepEqual(found?.attributes, expected, 'a change of something else changed attributes');
    const none = { kept: null, changed: null, 'new "name"': null };
    const emptied = await storage.updateSubscription('a', id, { attributes: none });
    deepEqual(emptied?.attributes, {}, 'an attribute is there that was removed');
  }),

  storageCase(
    'updateSubscription answers null, and changes nothing, when the account has no such one, or no longer',
    async (trial) => {
      const { storage } = trial;
      const [subscription, ended] = await trial.subscribeMany(2);
      const last = await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
      const changes = { url: 'https://example.com/other', attributes: { sealed: 'by another' } };
      equal(await storage.updateSubscription('b', subscription!.id, changes), null, 'an account changed one of another');
      equal(await storage.updateSubscription('a', ended!.id + 1_000, changes), null, 'it answered one that there is not');
      equal(await storage.updateSubscription('a', ended!.id, changes), null, 'one that had ended was changed');
      const { rows } = await storage.listSubscriptions('a', { ...everything, which: 'all' });
      deepEqual(rows, [subscription, last], 'a change that was refused changed something');
    },
  ),

  ...race(
    'updateSubscription keeps what each of several has changed',
    async (trial, callers) => {
      const lane = await trial.subscribe({ attributes: { first: '1' } });
      const names = callers.map((_, index) => `of ${index}`);
      const answers = await Promise.all(
        callers.map(async (caller, index) => caller.updateSubscription('a', lane.id, { attributes: { [names[index]!]: 'x' } })),
      );
      for (const [index, answer] of answers.entries())
        equal(answer?.attributes[names[index]!], 'x', 'its own change is not answered');
      const { attributes } = await rowOf(trial.storage, lane);
      deepEqual(Object.keys(attributes).toSorted(), ['first', ...names], 'an attribute was lost that another call has changed');
    },
    fewRounds,
  ),
];
