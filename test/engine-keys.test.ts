import { inspect } from 'node:util';
import { apiKeys, type ApiKeys, type ApiKeysOptionsInput, type StorageAdapter } from '@hookwell/core';
import { memoryStorage } from '@hookwell/adapters/memory';
import test, { type ExecutionContext } from 'ava';
import { noon, startByHand } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const hour = 3_600_000;

interface Keeping {
  readonly keys: ApiKeys;
  readonly storage: StorageAdapter;
  readonly move: (ms: number) => void;
}

async function keeping(
  t: ExecutionContext,
  storage: StorageAdapter,
  options: Partial<ApiKeysOptionsInput> = {},
): Promise<Keeping> {
  const { clock } = await startByHand(t, storage);
  return { storage, keys: apiKeys({ storage, now: clock.now, ...options }), move: clock.move };
}

for (const { name, make } of storages) {
  test(`${name}: a key pair is taken for its account, its owner and its permissions`, async (t) => {
    const { keys } = await keeping(t, make(t));
    const made = await keys.create({ accountId: 7, name: 'warehouse', owner: 3, permissions: ['read'] });
    const other = await keys.create({ accountId: 8 });
    t.regex(made.appId, /^app_[A-Za-z0-9_-]{22}$/);
    t.regex(made.apiKey.reveal(), /^hwk_[A-Za-z0-9_-]{43}$/);
    const { appId } = made;
    t.deepEqual(await keys.authenticate({ appId, apiKey: made.apiKey.reveal() }), {
      accountId: '7',
      owner: '3',
      permissions: ['read'],
    });
    t.deepEqual(await keys.authenticate({ appId: other.appId, apiKey: other.apiKey.reveal() }), {
      accountId: '8',
      owner: '1',
      permissions: ['read', 'subscribe', 'unsubscribe'],
    });
  });

  test(`${name}: a wrong key, an unknown App ID and the pair of two accounts are nobody's`, async (t) => {
    const { keys } = await keeping(t, make(t));
    const [one, two] = [await keys.create({ accountId: 7 }), await keys.create({ accountId: 8 })];
    const right = one.apiKey.reveal();
    for (const [appId, apiKey] of [
      [one.appId, two.apiKey.reveal()],
      [two.appId, right],
      [one.appId, ''],
      [one.appId, `${right} `],
      [one.appId, right.slice(0, -1)],
      [one.appId, `${right.slice(0, -1)}${right.endsWith('A') ? 'B' : 'A'}`],
      ['app_unknown', right],
      ['', right],
      [one.appId.toUpperCase(), right],
      ['__proto__', right],
      ["' or 1 = 1 --", right],
    ] as const) {
      t.is(await keys.authenticate({ appId, apiKey }), null, `${appId} ${apiKey}`);
    }
  });

  test(`${name}: a key is shown once, and is nowhere in the storage`, async (t) => {
    const { keys, storage } = await keeping(t, make(t));
    const made = await keys.create({ accountId: 7, name: 'warehouse' });
    const text = made.apiKey.reveal();
    t.is(made.key.last4, text.slice(-4));
    const shown = [inspect(made, { depth: 9 }), JSON.stringify(made), JSON.stringify(await keys.list(7)), String(made.apiKey)];
    shown.push(inspect(await storage.findKeys([made.appId]), { depth: 9 }));
    for (const one of shown) t.false(one.includes(text.slice(4, -4)), one);
    t.is(String(made.apiKey), '[redacted]');
    t.like(await keys.list(7), [{ name: 'warehouse', appId: made.appId, last4: text.slice(-4), createdAt: made.key.createdAt }]);
  });

  test(`${name}: a key that is replaced is taken until the overlap is over`, async (t) => {
    const { keys, move } = await keeping(t, make(t), { overlapMs: 2 * hour });
    const old = await keys.create({ accountId: 7, name: 'warehouse', owner: 'zoë', permissions: ['read', 'subscribe'] });
    const { appId } = old;
    const fresh = await keys.rotate(7, appId);
    t.is(fresh.appId, appId);
    const isTaken = async (apiKey: string): Promise<boolean> => (await keys.authenticate({ appId, apiKey })) !== null;
    t.deepEqual([await isTaken(old.apiKey.reveal()), await isTaken(fresh.apiKey.reveal())], [true, true]);
    t.deepEqual(await keys.authenticate({ appId, apiKey: fresh.apiKey.reveal() }), {
      accountId: '7',
      owner: 'zoë',
      permissions: ['read', 'subscribe'],
    });
    move(3 * hour);
    t.deepEqual([await isTaken(old.apiKey.reveal()), await isTaken(fresh.apiKey.reveal())], [false, true]);
    const known = await keys.rotate(7, appId, { overlapMs: 0 });
    t.deepEqual([await isTaken(fresh.apiKey.reveal()), await isTaken(known.apiKey.reveal())], [false, true]);
    for (let count = 0; count < 7; count += 1) await keys.rotate(7, appId, { overlapMs: hour });
    t.is((await keys.list(7)).length, 5, 'no more keys than are compared');
  });

  test(`${name}: what is revoked is nobody's at once, and an account revokes and replaces nothing of another`, async (t) => {
    const { keys } = await keeping(t, make(t));
    const { appId, apiKey } = await keys.create({ accountId: 7 });
    const second = await keys.rotate(7, appId);
    for (const call of [
      async () => keys.revoke(8, appId),
      async () => keys.rotate(8, appId),
      async () => keys.revoke(7, 'app_unknown'),
    ]) {
      await t.throwsAsync(call, { code: 'not_found', message: /^No App ID "app_.*" in this account/ });
    }
    t.deepEqual(await keys.list(8), []);
    t.not(await keys.authenticate({ appId, apiKey: second.apiKey.reveal() }), null);
    await keys.revoke(7, appId);
    for (const one of [apiKey, second.apiKey]) t.is(await keys.authenticate({ appId, apiKey: one.reveal() }), null);
    t.deepEqual(await keys.list(7), []);
  });

  test(`${name}: when a key was last used is written down, coarsely`, async (t) => {
    const storage = make(t);
    let touches = 0;
    const counting: ApiKeysOptionsInput['storage'] = {
      createKeys: async (given) => storage.createKeys(given),
      findKeys: async (appIds) => storage.findKeys(appIds),
      listKeys: async (accountId) => storage.listKeys(accountId),
      endKeys: async (accountId, ids, inMs) => storage.endKeys(accountId, ids, inMs),
      async touchKeys(uses) {
        await storage.touchKeys(uses);
        touches += uses.length;
      },
    };
    const { keys, move } = await keeping(t, storage, { storage: counting, touchEveryMs: hour });
    const { appId, apiKey } = await keys.create({ accountId: 7 });
    const use = async () =>
      Promise.all(Array.from({ length: 20 }, async () => keys.authenticate({ appId, apiKey: apiKey.reveal() })));
    const untilTouched = async (count: number): Promise<void> => {
      while (touches < count) await new Promise(setImmediate);
    };
    t.is((await keys.list(7))[0]?.lastUsedAt, null);
    await use();
    await untilTouched(1);
    await use();
    move(hour - 1);
    await use();
    t.is((await keys.list(7))[0]?.lastUsedAt, noon);
    move(1);
    await use();
    await untilTouched(2);
    t.is((await keys.list(7))[0]?.lastUsedAt, noon + hour);
    t.is(touches, 2);
  });
}

test('what cannot be written down keeps nobody out', async (t) => {
  const errors: unknown[] = [];
  const storage = memoryStorage();
  const broken = { ...storage, touchKeys: async () => Promise.reject(new Error('the disk is full')) };
  const { keys } = await keeping(t, storage, {
    storage: broken,
    onError(error) {
      errors.push(error);
      throw new Error('the host’s own');
    },
  });
  const { appId, apiKey } = await keys.create({ accountId: 7 });
  t.not(await keys.authenticate({ appId, apiKey: apiKey.reveal() }), null);
  while (errors.length === 0) await new Promise(setImmediate);
  t.regex(String(errors[0]), /disk is full/);
});

test('what is no key is refused, naming what is wrong', async (t) => {
  const { keys } = await keeping(t, memoryStorage());
  for (const [input, says] of [
    [{ accountId: '' }, /accountId/],
    [{ accountId: 7, name: 'x'.repeat(101) }, /Invalid name/],
    [{ accountId: 7, owner: '' }, /Invalid owner/],
    [{ accountId: 7, permissions: ['all'] }, /Invalid permissions \["all"\]/],
  ] as const) {
    await t.throwsAsync(async () => keys.create(input as never), { code: 'invalid_input', message: says });
  }
  const { appId } = await keys.create({ accountId: 7 });
  await t.throwsAsync(async () => keys.rotate(7, appId, { overlapMs: -1 }), { code: 'invalid_input', message: /overlapMs/ });
  t.throws(() => apiKeys({ storage: {} as never }), { code: 'invalid_option', message: /its "createKeys" is not a function/ });
});
