import { definePlugin, HookwellError, type Plugin, type SubscriptionInput } from '@hookwell/core';
import test from 'ava';
import { makeEngine, mary, sqlite, startByHand, startReceiver, stayAwake, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const input: SubscriptionInput = { accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' };
/** Where no answer is waited for. */
const hanging: () => unknown = async () => never();
const never = async (): Promise<never> => new Promise<never>(() => undefined);
const late = (hook: string): RegExp =>
  new RegExp(
    `^The ${hook} hook of the plugin "hangs" has not answered within 20 ms; make it answer sooner, or raise the option "hookTimeoutMs"\\.$`,
  );

for (const hook of ['emit', 'match'] as const) {
  test(`a ${hook} hook that hangs refuses its own event, and no other`, async (t) => {
    stayAwake(t);
    t.timeout(10_000);
    const hangs: Plugin = {
      name: 'hangs',
      [hook]: ({ record }: { record: { id: number } }, subscriptions: unknown) => (record.id === 2 ? never() : subscriptions),
    };
    const { engine, told } = await startByHand(t, sqlite.make(t), { plugins: [hangs], hookTimeoutMs: 20 });
    await engine.subscriptions.create(input);
    const results = await Promise.allSettled(
      [1, 2, 3].map(async (id) => engine.emit('sub_tag(3)', { ...emission, record: { id } })),
    );
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const { reason } = results[1] as PromiseRejectedResult;
    t.true(HookwellError.is(reason, 'plugin_failed'));
    t.regex((reason as Error).message, late(hook));
    t.is(toldAs(told, 'event:stored').length, 2);
  });
}

test('a subscribe hook that hangs refuses the subscription, and an update of one', async (t) => {
  stayAwake(t);
  t.timeout(10_000);
  let hangs = false;
  const plugin: Plugin = { name: 'hangs', subscribe: () => (hangs ? never() : undefined) };
  const { engine } = await startByHand(t, sqlite.make(t), { plugins: [plugin], hookTimeoutMs: 20 });
  const { id } = await engine.subscriptions.create(input);
  hangs = true;
  const refused = { code: 'plugin_failed', message: late('subscribe') };
  await t.throwsAsync(async () => engine.subscriptions.create(input), refused);
  await t.throwsAsync(async () => engine.subscriptions.update(7, id, { topic: 'sub_tag(4)' }), refused);
  t.like(await engine.subscriptions.list(7), { total: 1, rows: [{ topic: 'sub_tag(3)' }] });
});

test('a start hook that hangs makes start reject; a stop hook that hangs is reported, and all the rest is stopped', async (t) => {
  stayAwake(t);
  t.timeout(10_000);
  const stopped: string[] = [];
  let hangs = true;
  const plugin: Plugin = { name: 'hangs', start: () => (hangs ? never() : undefined), stop: never };
  const last: Plugin = { name: 'last', stop: () => void stopped.push('last') };
  const { engine, told } = makeEngine(t, sqlite.make(t), { plugins: [plugin, last], hookTimeoutMs: 20 });
  await t.throwsAsync(async () => engine.start(), { code: 'plugin_failed', message: late('start') });
  hangs = false;
  await engine.start({ deliver: false });
  await engine.stop();
  t.deepEqual(stopped, ['last']);
  t.regex(toldAs(told, 'error')[0]?.message ?? '', late('stop'));
});

test('outcome and emitted hooks that hang or fail later hold nothing up', async (t) => {
  const receiver = await startReceiver(t);
  const plugins: readonly Plugin[] = [
    { name: 'hangs', outcome: hanging, emitted: hanging },
    { name: 'fails', outcome: () => fails('outcome'), emitted: () => fails('emitted') },
  ];
  const { engine, told } = await startByHand(t, sqlite.make(t), { plugins });
  await engine.subscriptions.create({ ...input, url: receiver.url('/') });
  await engine.emit('sub_tag(3)', emission);
  t.like(await engine.deliverDue(), { delivered: 1 });
  await engine.stop();
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['emitted', 'outcome'],
  );
});

function fails(what: string): never {
  throw new Error(what);
}

test('a match hook may answer some of what it is given, each once, and nothing else', async (t) => {
  const receiver = await startReceiver(t);
  let answer: Plugin['match'] = (_event, subscriptions) => subscriptions;
  const plugin: Plugin = { name: 'odd', match: (event, subscriptions) => answer?.(event, subscriptions) ?? [] };
  const { engine } = await startByHand(t, sqlite.make(t), { plugins: [plugin] });
  await engine.subscriptions.create({ ...input, url: receiver.url('/') });
  const foreign = await engine.subscriptions.create({ ...input, accountId: 8, url: receiver.url('/other') });
  const odd: readonly (readonly [string, Plugin['match']])[] = [
    ['one of another account', () => [foreign]],
    ['the same twice', (_event, [one]) => (one ? [one, one] : [])],
    ['a changed one', (_event, subscriptions) => subscriptions.map((one) => ({ ...one, url: receiver.url('/elsewhere') }))],
    ['no list', () => true as never],
    ['no subscription', () => [undefined] as never],
  ];
  for (const [what, match] of odd) {
    answer = match;
    await t.throwsAsync(
      async () => engine.emit('sub_tag(3)', emission),
      {
        code: 'plugin_failed',
        message: /^The match hook of the plugin "odd" answered something else than a list of some of the/,
      },
      what,
    );
  }
  answer = (_event, subscriptions) => [...subscriptions];
  t.like(await engine.emit('sub_tag(3)', emission), { deliveries: 1 });
  await engine.deliverDue();
  t.deepEqual(
    receiver.arrived.map(({ path }) => path),
    ['/'],
  );
});

const attributed = definePlugin({
  name: 'colours',
  setup: () => ({
    attributes: {
      async colour(text, { topic }) {
        if (text === 'red' || (text === 'blue' && topic === 'sub_tag(3)')) return;
        throw new HookwellError('invalid_input', `"${text}" is no colour of ${topic}.`);
      },
    },
    subscribe: ({ attributes }) => ({ seen: attributes['colour'] ?? 'none' }),
  }),
});

for (const { name, make } of storages) {
  test(`${name}: a subscription can be given the attributes that a plugin takes, which checks them when it is made and changed`, async (t) => {
    const { engine } = await startByHand(t, make(t), { plugins: [attributed()] });
    const { create, update, get } = engine.subscriptions;
    const { id, attributes } = await create({ ...input, attributes: { colour: 'blue' } });
    t.deepEqual(attributes, { colour: 'blue', seen: 'blue' });
    const no = (message: string) => ({ code: 'invalid_input', message });
    await t.throwsAsync(
      async () => create({ ...input, attributes: { colour: 'green' } }),
      no('"green" is no colour of sub_tag(3).'),
    );
    await t.throwsAsync(
      async () => create({ ...input, attributes: { color: 'red' } }),
      no('No subscription can be given the attribute "color". Did you mean "colour"? Plugins take: "colour".'),
    );
    await t.throwsAsync(
      async () => create({ ...input, attributes: { seen: 'red' } }),
      no('No subscription can be given the attribute "seen". Plugins take: "colour".'),
      'what the plugin keeps is its own',
    );
    await t.throwsAsync(async () => create({ ...input, attributes: { colour: 5 } as never }), { code: 'invalid_input' });
    await t.throwsAsync(
      async () => update(7, id, { attributes: { colour: 'green' } }),
      no('"green" is no colour of sub_tag(3).'),
    );
    await t.throwsAsync(async () => update(7, id, { topic: 'sub_tag(4)' }), no('"blue" is no colour of sub_tag(4).'));
    t.like(await get(7, id), { topic: 'sub_tag(3)', attributes: { colour: 'blue' } });
    t.like(await update(7, id, { topic: 'sub_tag(4)', attributes: { colour: 'red' } }), { topic: 'sub_tag(4)' });
    t.deepEqual((await update(7, id, { attributes: { colour: null } })).attributes, { seen: 'blue' });
    t.is((await engine.subscriptions.list(7)).total, 1);
  });
}

test('an engine takes no two plugins that check the same attribute, and nothing that is no plugin', (t) => {
  const second: Plugin = { name: 'more-colours', attributes: { colour: () => undefined } };
  const wrong: readonly (readonly [readonly unknown[], RegExp])[] = [
    [
      [attributed(), second],
      /^createEngine: the plugins "colours" and "more-colours" both have the attribute "colour"; leave one of them out\.$/,
    ],
    [
      [attributed(), attributed()],
      /^createEngine: every plugin needs a name of its own, but "plugins" has "colours", "colours"\.$/,
    ],
    [[attributed], /^createEngine: a function is no plugin; make one with definePlugin, and call what it answers\.$/],
    [[{ name: 'a', match: true }], /^createEngine: the match hook of the plugin "a" is true; it must be a function\.$/],
    [[{ match: () => [] }], /^createEngine: a plugin has the name undefined; every plugin needs a name of its own\.$/],
  ];
  for (const [plugins, message] of wrong) {
    t.throws(() => makeEngine(t, sqlite.make(t), { plugins: plugins as Plugin[] }), { code: 'invalid_option', message });
  }
});
