import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { functionTransport } from '@hookwell/adapters/function';
import { createEngine, HookwellError, ontraportCatalog } from '@hookwell/core';
import test from 'ava';
import type { Request, RequestHandler } from 'express';
import { webhooks, WebhooksOptionsSchema, type Caller, type Credentials } from '../src/index.ts';

const engine = createEngine({
  storage: sqliteStorage({ filename: ':memory:' }),
  transports: [functionTransport({ send: () => undefined })],
  catalog: ontraportCatalog,
});
const authenticate = (): null => null;

const wrong: Readonly<Record<string, readonly [parameters: readonly unknown[], says: RegExp]>> = {
  'no engine': [
    [undefined, { authenticate }],
    /^webhooks takes an engine and options, and its first parameter is none: its "subscriptions" is missing/,
  ],
  'options in the place of the engine': [[{ authenticate }], /^webhooks takes an engine and options/],
  'a promise of an engine': [[Promise.resolve(engine), { authenticate }], /Pass what createEngine returned/],
  'no options': [[engine], /^webhooks takes an object of options, not undefined/],
  'no authenticate': [[engine, {}], /^webhooks needs the option "authenticate": /],
  'an authenticate that is undefined': [[engine, { authenticate: undefined }], /^webhooks needs the option "authenticate": /],
  'an authenticate that is no function': [
    [engine, { authenticate: 'yes' }],
    /^webhooks: option "authenticate" is not a function/,
  ],
  'a misspelt option': [
    [engine, { authenticate, ratelimit: {} }],
    /^webhooks has no option "ratelimit"\. Did you mean "rateLimit"\?/,
  ],
  'a misspelt option further in': [
    [engine, { authenticate, rateLimit: { limits: 5 } }],
    /no option "rateLimit\.limits"\. Did you mean "limit"\?/,
  ],
  'a limit of 0': [[engine, { authenticate, rateLimit: { limit: 0 } }], /option "rateLimit\.limit" is 0/],
  'a rate limit that is a word': [[engine, { authenticate, rateLimit: 'off' }], /option "rateLimit" is "off"/],
  'a clock that is a number': [[engine, { authenticate, monotonicNow: 5 }], /option "monotonicNow" is not a function/],
  'a store without its members': [
    [engine, { authenticate, rateLimit: { store: { take: () => null } } }],
    /option "rateLimit\.store" is no RateLimitStore: its "giveBack"/,
  ],
};

for (const [what, [parameters, says]] of Object.entries(wrong)) {
  test(`mounting with ${what} is refused`, (t) => {
    const error = t.throws(() => (webhooks as (...all: readonly unknown[]) => unknown)(...parameters));
    t.true(HookwellError.is(error, 'invalid_option'));
    t.regex(error?.message ?? '', says);
  });
}

test('mounting with authenticate alone is enough', (t) => {
  t.is(typeof webhooks(engine, { authenticate }), 'function');
});

test('authenticate may take the request as the Express of the host knows it', (t) => {
  const byAddress = (_keys: Credentials, request: Request): Caller | null =>
    request.ip === '192.0.2.1' ? { accountId: 1 } : null;
  t.is(typeof webhooks(engine, { authenticate: byAddress }), 'function');
  const handler: RequestHandler = webhooks(engine, {
    authenticate: async (keys) => (keys.appId === 'a' ? { accountId: 'x' } : undefined),
  });
  t.is(typeof handler, 'function');
  // @ts-expect-error authenticate is required
  t.throws(() => webhooks(engine, {}));
  // @ts-expect-error an account needs an id
  t.notThrows(() => webhooks(engine, { authenticate: () => ({ owner: 1 }) }));
});

test('every option has a sentence for the manual', (t) => {
  const described = (properties: object): void => {
    for (const [name, option] of Object.entries(properties) as [string, { description?: string; properties?: object }][]) {
      t.regex(option.description ?? '', /\.$/, name);
      if (option.properties) described(option.properties);
    }
  };
  described(WebhooksOptionsSchema.properties);
});
