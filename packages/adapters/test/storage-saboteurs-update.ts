import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent, Subscription } from '@hookwell/core';
import { everything, without, type Racer, type StorageSaboteur } from './storage-saboteur.ts';

/** Storages that break promises about changes of subscriptions, and about what plugins keep. */
export const updateSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'lists active subscriptions, whichever it is asked for',
    sabotage: (sound) => ({
      listSubscriptions: async (accountId, query) => sound.listSubscriptions(accountId, { ...query, which: 'active' }),
    }),
    caughtBy: 'listSubscriptions answers active ones, ended ones or all of them, as it is asked',
    sentence: /^it does not list just those that are ended/,
  },
  {
    does: 'lists all subscriptions where it is asked for a kind that there is not',
    sabotage: (sound) => ({
      listSubscriptions: async (accountId, query) =>
        sound.listSubscriptions(accountId, { ...query, which: ['active', 'ended'].includes(query.which) ? query.which : 'all' }),
    }),
    caughtBy: 'listSubscriptions answers active ones, ended ones or all of them, as it is asked',
    sentence: /^it took "gone" for a kind of subscription/,
  },
  {
    does: 'forgets the attributes with which a subscription is made',
    sabotage: (sound) => ({ createSubscription: async (wish) => sound.createSubscription({ ...wish, attributes: {} }) }),
    caughtBy: 'createSubscription stores a subscription as it is asked for, healthy',
    sentence: /^it is not stored as it was asked for/,
  },
  {
    does: 'forgets the order in which a subscription wants its deliveries',
    sabotage: (sound) => ({ createSubscription: async (wish) => sound.createSubscription(without(wish, 'ordering')) }),
    caughtBy: 'createSubscription stores a subscription as it is asked for, healthy',
    sentence: /^it is not stored as it was asked for/,
  },
  {
    does: 'cannot change the order in which a subscription wants its deliveries',
    sabotage: (sound) => ({
      updateSubscription: async (accountId, id, changes) => sound.updateSubscription(accountId, id, without(changes, 'ordering')),
    }),
    caughtBy: 'updateSubscription changes what it is told to, for everything from now on, and nothing else',
    sentence: /^a later change changed something else/,
  },
  {
    does: 'finds a subscription by the topic that it had at first',
    sabotage: (sound, { notes }) => ({
      async updateSubscription(accountId, id, changes) {
        const changed = await sound.updateSubscription(accountId, id, changes);
        if (changed) notes.set('changed', changed);
        return changed;
      },
      async findSubscriptions(keys) {
        const found = await sound.findSubscriptions(keys);
        const changed = notes.get('changed') as Subscription | undefined;
        return changed && keys[0]?.topic === 'sub_tag(3)' ? [changed] : found;
      },
    }),
    caughtBy: 'updateSubscription changes what it is told to, for everything from now on, and nothing else',
    sentence: /^its old topic still finds it/,
  },
  {
    does: 'empties what it is not told to change',
    sabotage: (sound) => ({
      updateSubscription: async (accountId, id, changes) => sound.updateSubscription(accountId, id, { data: '', ...changes }),
    }),
    caughtBy: 'updateSubscription changes what it is told to, for everything from now on, and nothing else',
    sentence: /^it does not answer the row with just these changes/,
  },
  {
    does: 'puts new attributes in the place of all others',
    sabotage: (sound) => ({
      async updateSubscription(accountId, id, { attributes, ...changes }) {
        const row = await sound.updateSubscription(accountId, id, changes);
        const removed = Object.keys(row?.attributes ?? {}).map((name) => [name, null]);
        if (!attributes) return row;
        return sound.updateSubscription(accountId, id, { attributes: { ...Object.fromEntries(removed), ...attributes } });
      },
    }),
    caughtBy: 'updateSubscription merges attributes by their names, and null removes one',
    sentence: /^attributes are not merged by their names/,
  },
  {
    does: 'loses attributes when the health changes',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        return (await sound.moveHealth(moves)).map((row) => row && Object.assign(row, { attributes: {} }));
      },
    }),
    caughtBy: 'updateSubscription merges attributes by their names, and null removes one',
    sentence: /^a change of health lost attributes/,
  },
  {
    does: 'changes subscriptions by their ids alone',
    sabotage: (sound) => ({ updateSubscription: async (_accountId, id, changes) => sound.updateSubscription('a', id, changes) }),
    caughtBy: 'updateSubscription answers null, and changes nothing, when the account has no such one, or no longer',
    sentence: /^an account changed one of another/,
  },
  {
    does: 'answers a subscription that has ended as if it had been changed',
    sabotage: (sound) => ({
      async updateSubscription(accountId, id, changes) {
        const { rows } = await sound.listSubscriptions(accountId, { ...everything, which: 'ended' });
        return (await sound.updateSubscription(accountId, id, changes)) ?? rows.find((row) => row.id === id) ?? null;
      },
    }),
    caughtBy: 'updateSubscription answers null, and changes nothing, when the account has no such one, or no longer',
    sentence: /^one that had ended was changed/,
  },
  {
    does: 'forgets the metadata of events',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        await sound.storeEvents({ ...batch, events: batch.events.map(withoutMetadata) });
        return batch.events;
      },
    }),
    caughtBy: 'storeEvents keeps events as they are',
    sentence: /^an event is not found as it was stored/,
  },
  {
    does: 'claims events without their metadata',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        return { ...result, events: result.events.map(withoutMetadata) };
      },
    }),
    caughtBy: 'claimDeliveries answers claims with their subscriptions and events, each once',
    sentence: /^it answers another event than was stored/,
  },
];

/** A storage that looks first and acts a turn later. */
export const updateRacers: readonly Racer[] = [
  {
    does: 'reads attributes and writes all of them a turn later',
    sabotage: (sound) => ({
      async updateSubscription(accountId, id, changes) {
        const { rows } = await sound.listSubscriptions(accountId, everything);
        const seen = rows.find((row) => row.id === id)?.attributes ?? {};
        await nextTurn();
        const now = (await sound.updateSubscription(accountId, id, {}))?.attributes ?? {};
        const others = Object.keys(now).filter((name) => !(name in seen));
        const gone = Object.fromEntries(others.map((name) => [name, null]));
        return sound.updateSubscription(accountId, id, { attributes: { ...gone, ...seen, ...changes.attributes } });
      },
    }),
    promise: 'updateSubscription keeps what each of several has changed',
    sentence: /^an attribute was lost that another call has changed/,
  },
];

function withoutMetadata(event: StoredEvent): StoredEvent {
  return { ...event, metadata: {} };
}
