import { definePlugin, type HookwellError, type OptionsInput, type Plugin, type PluginSetup } from '@hookwell/core';
import test from 'ava';
import Type, { type Static } from 'typebox';

const options = Type.Object(
  {
    url: Type.String({ writeOnly: true, pattern: '^https://', description: 'Where to tell it: a secret.' }),
    hours: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { default: [], description: 'Hours of the day.' }),
    wait: Type.Object(
      { leastMs: Type.Integer({ default: 10, minimum: 0, description: 'The least.' }) },
      { additionalProperties: false, default: {}, description: 'How long to wait.' },
    ),
  },
  { additionalProperties: false },
);
const url = 'https://hooks.example.com/T000/secret';

const quietHours = definePlugin({
  name: 'quiet-hours',
  options,
  setup: (given) => ({ match: (_event, subscriptions) => subscriptions, api: { given } }),
});

test('a plugin has its name, its hooks and what hosts may call, and is frozen as its options are', (t) => {
  const plugin = quietHours({ url, hours: [22] });
  t.deepEqual(Object.keys(plugin), ['name', 'match', 'given']);
  t.is(plugin.name, 'quiet-hours');
  t.deepEqual(plugin.given, { url, hours: [22], wait: { leastMs: 10 } });
  t.true(Object.isFrozen(plugin));
  t.true(Object.isFrozen(plugin.given));
  t.true(Object.isFrozen(plugin.given.wait));
});

test('a plugin without options takes none, and may have another name for each time that it is there', (t) => {
  const plain = definePlugin({ name: 'plain', setup: () => ({}) });
  t.deepEqual(plain(), { name: 'plain' });
  t.throws(() => plain({ a: 1 }), { code: 'invalid_option', message: /^plain has no option "a"\./ });
  const named = definePlugin({
    name: 'tenant',
    options: Type.Object({ header: Type.String() }),
    setup: ({ header }) => ({ name: `tenant-${header}`, request: () => [header, 'x'] }),
  });
  t.deepEqual([named({ header: 'x-a' }).name, named({ header: 'x-b' }).name], ['tenant-x-a', 'tenant-x-b']);
});

const wrong: readonly (readonly [what: string, given: object | null, message: RegExp])[] = [
  [
    'an unknown option',
    { url, huors: [1] },
    /^quietHours has no option "huors"\. Did you mean "hours"\? Options: "url", "hours", "wait"\.$/,
  ],
  [
    'an unknown option within another',
    { url, wait: { leastms: 1 } },
    /^quietHours has no option "wait\.leastms"\. Did you mean "leastMs"\?/,
  ],
  ['an option that is missing', {}, /^quietHours needs the option "url": Where to tell it: a secret\.$/],
  [
    'an option of another type',
    { url, hours: 22 },
    /^quietHours: option "hours" is 22, but it must be array\. Hours of the day\.$/,
  ],
  [
    'an option out of its bounds',
    { url, hours: [24] },
    /^quietHours: option "hours\.0" is \[24\], but it must be <= 23\. Hours of the day\.$/,
  ],
  ['no object', null, /^quietHours takes an object of options, not null\.$/],
];
for (const [what, given, message] of wrong) {
  test(`${what} is refused by the name of the plugin, the option, the rule and the way out`, (t) => {
    t.throws(() => quietHours(given as never), { code: 'invalid_option', message });
  });
}

test('an option that is a secret is shown by no message', (t) => {
  const error = t.throws<HookwellError>(() => quietHours({ url: 'http://hooks.example.com/T000/secret' }));
  t.regex(error.message, /^quietHours: option "url", which is not shown, must match pattern .* Where to tell it: a secret\.$/);
  t.is(error.value, undefined);
  t.notRegex(error.message, /T000/);
});

const setups: readonly (readonly [what: string, answer: unknown, message: RegExp])[] = [
  [
    'a misspelt hook',
    { macth: () => [] },
    /^broken: there is no hook "macth"\. Did you mean "match"\? What setup may answer: "name", /,
  ],
  ['what hosts may call, outside of api', { rotate: () => 1 }, /^broken: there is no hook "rotate"\./],
  [
    'a hook that is no function',
    { match: [] },
    /^broken: the match hook of the plugin "broken" is \[\]; it must be a function\.$/,
  ],
  [
    'formats that are no list',
    { formats: 'mine' },
    /^broken: "formats" of the plugin "broken" is "mine"; it must be a list of names\.$/,
  ],
  [
    'an attribute without a check',
    { attributes: { filter: 'any' } },
    /^broken: the attribute "filter" of the plugin "broken" is "any"; it must be a f/,
  ],
  ['an empty name', { name: '' }, /^broken: a plugin has the name ""; every plugin needs a name of its own\.$/],
  ['a hook in api', { api: { start: () => 1 } }, /^broken: "api" has "start", which is a hook's name; choose another one\.$/],
  ['nothing', undefined, /^broken: its setup answered undefined; it must answer a plain object of hooks, at once\./],
  [
    'a promise',
    Promise.reject(new Error('late')),
    /^broken: its setup answered a promise; it must answer a plain object of hooks, at once\./,
  ],
  ['an object of a class', new Date(Number.NaN), /^broken: its setup answered an invalid date; it must answer a plain object/],
];
for (const [what, answer, message] of setups) {
  test(`a setup that answers ${what} is refused`, (t) => {
    const broken = definePlugin({ name: 'broken', setup: () => answer as PluginSetup });
    t.throws(() => broken(), { code: 'invalid_option', message });
  });
}

test('a definition needs a name in small letters, and a setup', (t) => {
  for (const name of ['', 'QuietHours', 'quiet hours', 'quiet--hours', '__proto__', 5]) {
    t.throws(() => definePlugin({ name: name as string, setup: () => ({}) }), {
      code: 'invalid_option',
      message: /^definePlugin: the name .* is not small letters with hyphens; make it so\.$/,
    });
  }
  t.throws(() => definePlugin({ name: 'a' } as never), {
    message: /^definePlugin: "setup" of "a" is no function; pass one that/,
  });
});

test('what setup throws comes out as it is', (t) => {
  const failing = definePlugin({
    name: 'failing',
    setup(): Omit<Plugin, 'name'> {
      throw new TypeError('no licence');
    },
  });
  t.throws(() => failing(), { instanceOf: TypeError, message: 'no licence' });
});

test('the compiler knows options, hooks and what hosts may call, and refuses what would be refused', (t) => {
  const schema = Type.Object({ hour: Type.Integer(), days: Type.Array(Type.String(), { default: [] }) });
  const inferred = definePlugin({ name: 'inferred', options: schema, setup: ({ hour }) => ({ api: { hour: () => hour } }) });
  const plugin: Plugin & { readonly hour: () => number } = inferred({ hour: 5, days: ['Monday'] as const });
  t.is(plugin.hour(), 5);
  const refused = { code: 'invalid_option' } as const;
  // @ts-expect-error there is no such option
  t.throws(() => inferred({ hour: 5, hours: 5 }), refused);
  // @ts-expect-error an hour is a number
  t.throws(() => inferred({ hour: 'five' }), refused);
  const typed: (given: OptionsInput<Static<typeof schema>, 'hour'>) => Plugin = inferred;
  // @ts-expect-error the hour must be given
  t.throws(() => typed({}), refused);
  // @ts-expect-error there is no such hook
  t.throws(definePlugin({ name: 'broken', setup: () => ({ macth: () => [] }) }), refused);
});
