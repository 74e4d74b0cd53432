import { HookwellError, type Plugin } from '@hookwell/core';
import test from 'ava';
import { mary, scriptedTransport, sqlite, startByHand, startReceiver, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;

for (const { name, make } of storages) {
  test(`${name}: hooks run stage by stage, within a stage in the order of the plugins`, async (t) => {
    const receiver = await startReceiver(t, () => (receiver.arrived.length === 1 ? 500 : 200));
    const calls: string[] = [];
    const watching = (plugin: string): Plugin => ({
      name: plugin,
      start: async () => void calls.push(`${plugin} start`),
      subscribe: async () => void calls.push(`${plugin} subscribe`),
      emit: async () => void calls.push(`${plugin} emit`),
      async match(_event, subscriptions) {
        calls.push(`${plugin} match`);
        return subscriptions;
      },
      compose() {
        calls.push(`${plugin} compose`);
        return undefined;
      },
      request() {
        calls.push(`${plugin} request`);
        return [];
      },
      outcome: ({ outcome }) => void calls.push(`${plugin} ${outcome.outcome}`),
      stop: async () => void calls.push(`${plugin} stop`),
    });
    const { engine, clock } = await startByHand(t, make(t), { plugins: [watching('one'), watching('two')] });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', emission);
    await engine.deliverDue();
    clock.move(5_000);
    await engine.deliverDue();
    await engine.stop();
    const stages = [
      'start',
      'subscribe',
      'emit',
      'match',
      'compose',
      'request',
      'retry',
      'compose',
      'request',
      'delivered',
      'stop',
    ];
    // Composed again for the second attempt, because the event was read from the storage anew.
    t.deepEqual(
      calls,
      stages.flatMap((stage) => [`one ${stage}`, `two ${stage}`]),
    );
  });

  test(`${name}: a subscribe hook can tell a change from a new subscription`, async (t) => {
    const asked: unknown[] = [];
    const plugin: Plugin = {
      name: 'asking',
      subscribe: ({ url }, before) => void asked.push([url, before && [before.id, before.url]]),
    };
    const { engine } = await startByHand(t, make(t), { transports: [scriptedTransport()], plugins: [plugin] });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    await engine.subscriptions.update(7, id, { url: 'script:y' });
    t.deepEqual(asked, [
      ['script:x', null],
      ['script:y', [id, 'script:x']],
    ]);
  });

  test(`${name}: a subscribe hook that throws refuses the subscription with its error, and the next hooks are not asked`, async (t) => {
    let asked = false;
    const { engine, told } = await startByHand(t, make(t), {
      plugins: [
        {
          name: 'quota',
          async subscribe({ accountId }) {
            throw new HookwellError('not_permitted', `Account ${accountId} has enough subscriptions.`);
          },
        },
        {
          name: 'next',
          subscribe() {
            asked = true;
          },
        },
      ],
    });
    await t.throwsAsync(
      async () => engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' }),
      {
        code: 'not_permitted',
        message: 'Account 7 has enough subscriptions.',
      },
    );
    t.is((await engine.subscriptions.list(7)).total, 0);
    t.false(asked);
    t.deepEqual(told, []);
  });

  test(`${name}: an emit or match hook that throws refuses its own event, and no other of the same group`, async (t) => {
    const receiver = await startReceiver(t);
    const refuse = (id: number) => (event: { record: Readonly<Record<string, unknown>> }) => {
      if (event.record['id'] === id) throw new TypeError(`no ${id}`);
    };
    const { engine, told } = await startByHand(t, make(t), {
      plugins: [
        { name: 'emitting', emit: refuse(2) },
        {
          name: 'matching',
          match(event, subscriptions) {
            refuse(3)(event);
            return subscriptions;
          },
        },
      ],
    });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map(async (id) => engine.emit('sub_tag(3)', { ...emission, record: { id } })),
    );
    t.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value.deliveries : String(result.reason))),
      [1, 'TypeError: no 2', 'TypeError: no 3', 1],
    );
    await engine.deliverDue();
    t.is(receiver.arrived.length, 2);
    t.is(toldAs(told, 'event:stored').length, 2);
    t.deepEqual(toldAs(told, 'error'), []);
  });

  test(`${name}: match hooks decide who gets an event, one after the other`, async (t) => {
    const receiver = await startReceiver(t);
    const seen: number[] = [];
    const { engine } = await startByHand(t, make(t), {
      plugins: [
        { name: 'first', match: (_event, subscriptions) => subscriptions.slice(1) },
        {
          name: 'second',
          async match(_event, subscriptions) {
            seen.push(subscriptions.length);
            return subscriptions.slice(1);
          },
        },
      ],
    });
    for (const path of ['/a', '/b', '/c']) {
      await engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)' });
    }
    t.like(await engine.emit('sub_tag(3)', emission), { deliveries: 1 });
    await engine.deliverDue();
    t.deepEqual(seen, [2]);
    t.deepEqual(
      receiver.arrived.map(({ path }) => path),
      ['/c'],
    );
  });
}

for (const { name, make } of storages) {
  test(`${name}: what emit and subscribe hooks answer is kept, and the next hooks see it`, async (t) => {
    const receiver = await startReceiver(t);
    const attempts: unknown[] = [];
    const { engine, told } = await startByHand(t, make(t), {
      plugins: [
        {
          name: 'first',
          subscribe: async () => ({ a: 'kept 1', b: 'kept 1' }),
          emit: () => ({ a: 'kept 1', b: 'kept 1' }),
          outcome: ({ subscription, event }) => void attempts.push([subscription.attributes, event?.metadata]),
        },
        { name: 'silent', subscribe: () => undefined, emit: async () => undefined },
        {
          name: 'last',
          subscribe: ({ attributes }) => ({ b: 'kept 2', c: Object.keys(attributes).join(' ') }),
          emit: async ({ metadata }) => ({ b: 'kept 2', c: Object.keys(metadata).join(' ') }),
        },
      ],
    });
    const made = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const kept = { a: 'kept 1', b: 'kept 2', c: 'a b' };
    t.deepEqual(made.attributes, kept);
    t.deepEqual((await engine.subscriptions.get(7, made.id)).attributes, kept);
    await engine.emit('sub_tag(3)', emission);
    t.deepEqual(toldAs(told, 'event:stored')[0]?.event.metadata, kept);
    await engine.deliverDue();
    t.deepEqual(attempts, [[kept, kept]]);
    t.notRegex(String(receiver.arrived[0]?.body), /kept/);
  });
}

const long = 'x'.repeat(2_047);
const unkept: readonly (readonly [what: string, answers: readonly unknown[], problem: RegExp])[] = [
  ['null', [null], /^What the HOOK hook of the plugin "p0" answered cannot be kept \(null\): it must answer an object of texts/],
  ['a list', [['a']], /cannot be kept \(\["a"\]\): it must answer an object of texts, or nothing/],
  ['a number for a text', [{ a: 5 }], /cannot be kept \("a"\): what goes by this name must be a text without U\+0000/],
  ['a text that some storage cannot keep', [{ a: 'secret\0' }], /cannot be kept \("a"\): what goes by this name must be a text/],
  ['a name that is empty', [{ '': 'x' }], /cannot be kept \(""\): a name must be a text of 1 to 200 characters/],
  [
    'too much in all',
    [{ a: long }, { b: `${long}x` }],
    /^With what the HOOK hook of the plugin "p1" answered there are 4097 characters .* at most 4096 are kept/,
  ],
];
for (const hook of ['emit', 'subscribe'] as const) {
  for (const [what, answers, problem] of unkept) {
    test(`${hook} hooks that answer ${what} refuse what was asked for, and nothing is stored`, async (t) => {
      const plugins = answers.map((answer, index): Plugin => ({ name: `p${index}`, [hook]: () => answer }));
      const { engine, told } = await startByHand(t, sqlite.make(t), { plugins });
      const error = await t.throwsAsync<HookwellError>(async () =>
        hook === 'emit'
          ? engine.emit('sub_tag(3)', emission)
          : engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' }),
      );
      t.is(error.code, 'invalid_input');
      t.regex(error.message, new RegExp(problem.source.replace('HOOK', hook)));
      t.notRegex(error.message, /secret/);
      t.deepEqual(told, []);
      t.is((await engine.subscriptions.list(7)).total, 0);
    });
  }
  test(`${hook} hooks may answer 4,096 characters of names and texts in all`, async (t) => {
    const plugins = ['a', 'b'].map((key): Plugin => ({ name: key, [hook]: () => ({ [key]: long }) }));
    const { engine } = await startByHand(t, sqlite.make(t), { plugins });
    await t.notThrowsAsync(async () => {
      await engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
      await engine.emit('sub_tag(3)', emission);
    });
  });
}

const broken: readonly (readonly [what: string, plugin: Omit<Plugin, 'name'>, reason: string])[] = [
  ['a request hook that throws', { request: () => raise(new Error('no key')) }, 'no key'],
  ['a compose hook that throws', { compose: () => raise(new Error('no template')) }, 'no template'],
  ['a hook that throws no error', { compose: () => raise('text') }, 'text'],
  ['a hook that throws what has no text', { request: () => raise(Object.create(null)) }, 'something was thrown that has no text'],
  [
    'a request hook that is asynchronous and fails',
    { request: (async () => raise(new Error('late'))) as never },
    'the request hook of the plugin "broken" answered a promise; it must answer at once',
  ],
  [
    'a compose hook that is asynchronous and fails',
    { compose: (async () => raise(new Error('late'))) as never },
    'the compose hook of the plugin "broken" answered a promise; it must answer at once',
  ],
  [
    'a request hook that answers nothing',
    { request: (() => undefined) as never },
    'the request hook of the plugin "broken" answered no list of names and values in turn',
  ],
  [
    'a header without a value',
    { request: () => ['x-odd'] },
    'the request hook of the plugin "broken" answered no list of names and values in turn',
  ],
  [
    'a header with a line break in its value',
    { request: () => ['x-plan', 'pro\r\nx-admin: 1'] },
    'the request hook of the plugin "broken" answered a value of "x-plan" that no header can have',
  ],
  [
    'a header with a space in its name',
    { request: () => ['x plan', 'pro'] },
    'the request hook of the plugin "broken" answered a name that no header can have',
  ],
];
for (const [what, plugin, reason] of broken) {
  test(`${what} fails the attempt, three times at the most, and is not held against the endpoint`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, clock, told } = await startByHand(t, sqlite.make(t), { plugins: [{ name: 'broken', ...plugin }] });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', emission);
    for (const wait of [0, 5_000, 300_000]) {
      clock.move(wait);
      await engine.deliverDue();
    }
    t.like(toldAs(told, 'delivery:failed')[0]?.outcome, { reason: `internal_error: ${reason}`, number: 3 });
    t.is(toldAs(told, 'delivery:retrying').length, 2);
    t.deepEqual(receiver.arrived, []);
    t.like(await engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0 });
  });
}

test('an outcome hook that throws, at once or later, is reported and changes nothing', async (t) => {
  const receiver = await startReceiver(t);
  const seen: string[] = [];
  const { engine, told } = await startByHand(t, sqlite.make(t), {
    plugins: [
      { name: 'throws', outcome: () => raise(new Error('at once')) },
      { name: 'rejects', outcome: rejecting },
      { name: 'works', outcome: ({ outcome, result }) => void seen.push(`${outcome.outcome} ${result?.ok}`) },
    ],
  });
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', emission);
  t.like(await engine.deliverDue(), { delivered: 1 });
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['at once', 'later'],
  );
  t.deepEqual(seen, ['delivered true']);
});

test('a stop hook that throws is reported, and all the rest is stopped', async (t) => {
  let stopped = false;
  const { engine, told } = await startByHand(t, sqlite.make(t), {
    plugins: [
      { name: 'throws', stop: () => raise(new Error('no goodbye')) },
      {
        name: 'works',
        stop() {
          stopped = true;
        },
      },
    ],
  });
  await engine.stop();
  t.true(stopped);
  t.is(toldAs(told, 'error')[0]?.message, 'no goodbye');
});

const rejecting: () => unknown = async () => raise(new Error('later'));

function raise(error: unknown): never {
  throw error;
}
