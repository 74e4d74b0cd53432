import type { NewSubscription, StorageAdapter, Subscription } from '@hookwell/core';
import { memoryStorage } from '../src/memory/index.ts';
import type { StorageSaboteur } from './storage-saboteur.ts';

/** The same storage whose created subscriptions are noted, so that a saboteur knows whose they are. */
function noting(sound: StorageAdapter, owners: Map<unknown, unknown>): Pick<StorageAdapter, 'createSubscription'> {
  return {
    async createSubscription(wish: NewSubscription) {
      const created = await sound.createSubscription(wish);
      owners.set(created.id, created.accountId);
      return created;
    },
  };
}

/** Storages that break promises about their life, and about subscriptions. */
export const lifeSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'has no name',
    sabotage: () => ({ name: '' }),
    caughtBy: 'name is what messages call it',
    sentence: /^the name is empty/,
  },
  {
    does: 'goes by another clock when it is started again',
    sabotage(sound, { notes }) {
      return {
        async start(context) {
          notes.set('now', context.now);
          await sound.start(context);
        },
        recordOutcomes: async (outcomes) => ({
          ...(await sound.recordOutcomes(outcomes)),
          now: (notes.get('now') as () => number)(),
        }),
      };
    },
    caughtBy: 'start called a second time changes nothing',
    sentence: /^a second start changed the clock/,
  },
  {
    does: 'stays closed once it was stopped',
    sabotage(sound, { notes }) {
      return {
        async start(context) {
          if (!notes.has('stopped')) await sound.start(context);
        },
        async stop() {
          notes.set('stopped', true);
          await sound.stop();
        },
      };
    },
    caughtBy: 'start opens it again after a stop',
    sentence: /^a storage that was started again rejects a call/,
  },
  {
    does: 'forgets everything when it is stopped',
    sabotage: (sound, place) => ({
      async stop() {
        place.content = memoryStorage();
        await sound.stop();
      },
    }),
    caughtBy: 'start keeps what was stored before',
    sentence: /^something was lost or changed by a stop/,
  },
  {
    does: 'fails when it is stopped without having been started',
    sabotage(sound) {
      let started = false;
      return {
        async start(context) {
          started = true;
          await sound.start(context);
        },
        async stop() {
          if (!started) throw new Error('it is not open');
          await sound.stop();
        },
      };
    },
    caughtBy: 'stop called a second time changes nothing, nor without a start',
    sentence: /^stop rejected where there was nothing to stop/,
  },
  {
    does: 'goes on after a stop',
    sabotage: () => ({ stop: async () => undefined }),
    caughtBy: 'stop ends it: every call rejects afterwards',
    sentence: /^createSubscription still resolved after a stop/,
  },
  {
    does: 'forgets the data of a subscription',
    sabotage: (sound) => ({ createSubscription: async (wish) => sound.createSubscription({ ...wish, data: '' }) }),
    caughtBy: 'createSubscription stores a subscription as it is asked for, healthy',
    sentence: /^it is not stored as it was asked for/,
  },
  {
    does: 'gives ids that shrink',
    sabotage: (sound) => ({
      async createSubscription(wish) {
        const created = await sound.createSubscription(wish);
        return { ...created, id: 1_000 - created.id };
      },
    }),
    caughtBy: 'createSubscription gives an id larger than any before, also when those were forgotten',
    sentence: /^the id 998 was given after 999/,
  },
  {
    does: 'stores the same URL and topic once only',
    sabotage: (sound) => ({
      async createSubscription(wish) {
        const same = await sound.findSubscriptions([wish]);
        return same.find(({ url }) => url === wish.url) ?? sound.createSubscription(wish);
      },
    }),
    caughtBy: 'createSubscription takes two equal wishes for two subscriptions',
    sentence: /^two equal wishes became one subscription/,
  },
  {
    does: 'answers the very rows that it keeps',
    sabotage: (sound, { notes }) => ({
      async findSubscriptions(keys) {
        const found = await sound.findSubscriptions(keys);
        for (const row of found) if (!notes.has(row.id)) notes.set(row.id, row);
        return found.map(({ id }) => notes.get(id) as Subscription);
      },
    }),
    caughtBy: 'findSubscriptions, as every call, answers rows that are the caller’s own',
    sentence: /^what a caller did with an answer changed what is stored/,
  },
  {
    does: 'forgets why a subscription ended',
    sabotage: (sound) => ({ endSubscription: async (accountId, id) => sound.endSubscription(accountId, id, '') }),
    caughtBy: 'endSubscription unsubscribes with its reason, from now on',
    sentence: /^it does not answer the ended subscription/,
  },
  {
    does: 'leaves the version of a subscription that ended',
    sabotage: (sound, { notes }) => ({
      async endSubscription(accountId, id, reason) {
        const ended = await sound.endSubscription(accountId, id, reason);
        if (ended) notes.set(ended.id, ended.healthVersion);
        return ended;
      },
      moveHealth: async (moves) =>
        sound.moveHealth(
          moves.map((move) => {
            const healthVersion = (notes.get(move.subscriptionId) as number | undefined) ?? move.healthVersion;
            return { ...move, healthVersion };
          }),
        ),
    }),
    caughtBy: 'endSubscription lets a change of health that was decided before come too late',
    sentence: /^a move brought an ended subscription back/,
  },
  {
    does: 'ends subscriptions by their ids alone',
    sabotage: (sound, { notes }) => ({
      ...noting(sound, notes),
      endSubscription: async (accountId, id, reason) =>
        sound.endSubscription((notes.get(id) as string | undefined) ?? accountId, id, reason),
    }),
    caughtBy: 'endSubscription answers null, and changes nothing, when the account has no such one',
    sentence: /^an account ended one of another/,
  },
  {
    does: 'answers a subscription for each key that finds it',
    sabotage: (sound) => ({
      findSubscriptions: async (keys) => (await Promise.all(keys.map(async (key) => sound.findSubscriptions([key])))).flat(),
    }),
    caughtBy: 'findSubscriptions answers those of all the keys, each once',
    sentence: /^it does not answer just those of the keys, each once/,
  },
  {
    does: 'takes accounts that differ in case for the same',
    sabotage: (sound) => ({
      findSubscriptions: async (keys) =>
        sound.findSubscriptions([
          ...keys,
          ...keys.map(({ accountId, topic }) => ({ accountId: accountId.toUpperCase(), topic })),
        ]),
    }),
    caughtBy: 'findSubscriptions takes account and topic to the letter',
    sentence: /^it finds what is only alike/,
  },
  {
    does: 'lets suspended subscriptions miss their events',
    sabotage: (sound) => ({
      findSubscriptions: async (keys) => (await sound.findSubscriptions(keys)).filter(({ health }) => health !== 'suspended'),
    }),
    caughtBy: 'findSubscriptions answers suspended ones, and none that are unsubscribed',
    sentence: /^it does not answer just the living ones/,
  },
  {
    does: 'lets unsubscribed subscriptions get events',
    sabotage: (sound, { notes }) => ({
      async moveHealth(moves) {
        const moved = await sound.moveHealth(moves);
        for (const row of moved) if (row?.health === 'unsubscribed') notes.set('ended', row);
        return moved;
      },
      async findSubscriptions(keys) {
        const found = await sound.findSubscriptions(keys);
        return notes.has('ended') ? [...found, notes.get('ended') as (typeof found)[number]] : found;
      },
    }),
    caughtBy: 'findSubscriptions answers suspended ones, and none that are unsubscribed',
    sentence: /^it does not answer just the living ones/,
  },
  {
    does: 'remembers what it has found until it changes something itself',
    sabotage: (sound) => {
      const found = new Map<string, readonly Subscription[]>();
      const forgetting =
        <Given extends unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
        async (...given: Given): Promise<Answer> => {
          found.clear();
          return call(...given);
        };
      return {
        createSubscription: forgetting(sound.createSubscription),
        endSubscription: forgetting(sound.endSubscription),
        moveHealth: forgetting(sound.moveHealth),
        recordOutcomes: forgetting(sound.recordOutcomes),
        async findSubscriptions(keys) {
          const name = JSON.stringify(keys);
          if (!found.has(name)) found.set(name, await sound.findSubscriptions(keys));
          return structuredClone(found.get(name) ?? []);
        },
      };
    },
    caughtBy: 'findSubscriptions answers what another storage has made, moved or ended',
    sentence: /^it answers what was before another has made, moved and ended some/,
  },
];
