import { randomBytes } from 'node:crypto';
import { filters, managedHeaders, managedSecrets } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { routes } from '../src/contract/routes.ts';
import type { ProblemJson } from '../src/manage/problem.ts';
import type { SubscriptionJson } from '../src/manage/schemas.ts';
import { bodyCases, type BodyCase } from './body-cases.ts';
import type { Wish } from './host.ts';
import { bad, everyRoute, problem, startManaged, subscribed, tagged, type ManagedHost } from './manage-host.ts';

interface Arena {
  readonly host: ManagedHost;
  readonly ids: { readonly subscription: number; readonly delivery: string; readonly event: string };
  /** Fails when anything of what is stored is not as it was, or when every object has something that none had. */
  readonly unchanged: (what: string) => Promise<void>;
}

const shape = (): string =>
  JSON.stringify([Object.getOwnPropertyNames(Object.prototype), Object.getOwnPropertyNames(Array.prototype)]);

async function arena(t: ExecutionContext): Promise<Arena> {
  const keys = [{ id: 'a', key: randomBytes(32).toString('base64') }];
  const [secrets, headers, keeper] = [managedSecrets({ keys }), managedHeaders({ keys }), filters()];
  const host = await startManaged(t, {
    options: { secrets, headers, filters: keeper, rateLimit: { limit: 100_000 } },
    engine: { plugins: [secrets, headers, keeper] },
  });
  const { id } = await subscribed(host);
  host.answer = () => bad();
  await tagged(host);
  await host.engine.deliverDue();
  const stored = async (): Promise<string> =>
    JSON.stringify([
      await host.engine.subscriptions.list(1, { which: 'all' }),
      await host.engine.deliveries.list(1),
      await host.engine.deliveries.attempts(1),
      await host.engine.replays.list(1),
    ]);
  const [before, objects] = [await stored(), shape()];
  const { rows } = await host.engine.deliveries.list(1);
  const { id: delivery, eventId: event } = rows[0] ?? { id: '', eventId: '' };
  return {
    host,
    ids: { subscription: id, delivery, event },
    async unchanged(what) {
      if ((await stored()) !== before) t.is(await stored(), before, what);
      if (shape() !== objects || 'polluted' in {}) t.fail(`${what}: every object has what it should not`);
    },
  };
}

function wishOf({ type, body, encoding, chunked }: BodyCase): Wish {
  return {
    body,
    headers: {
      ...(type === null ? {} : { 'Content-Type': type }),
      ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }),
    },
    ...(chunked === undefined ? {} : { chunked }),
  };
}

/** What any route of the contract can be asked with. */
const asked = { url: 'https://example.com/hook', event: 'sub_tag(3)', id: '1', format: 'byId' };

test('no route of the contract takes a body that is hostile, each says the same of it, and nothing has changed', async (t) => {
  const { host, unchanged } = await arena(t);
  let requests = 0;
  for (const hostile of bodyCases(asked)) {
    const { contract, name } = hostile;
    if (contract === null) continue;
    const texts = new Set<string>();
    for (const [path, { methods }] of routes) {
      for (const method of methods) {
        const answer = await host.call(method, path, wishOf(hostile));
        requests += 1;
        t.deepEqual(
          [answer.status, answer.headers['content-type']],
          [400, 'text/html;charset=UTF-8'],
          `${method} ${path}: ${name}`,
        );
        if (method !== 'HEAD') texts.add(answer.text);
        await unchanged(`${method} ${path}: ${name}`);
      }
    }
    t.is(texts.size, 1, `${name}: ${[...texts].join(' | ')}`);
    t.regex([...texts][0] ?? '', contract, name);
  }
  t.true(requests > 900, `${requests} requests`);
  t.deepEqual(host.errors, []);
});

/** The parameters of each route of the contract. */
const collection = ['ids', 'start', 'range', 'sort', 'sortDir', 'condition', 'search'];
const parametersOf: Readonly<Record<string, readonly string[]>> = {
  '/Webhook/subscribe': ['url', 'event', 'data'],
  '/Webhook/unsubscribe': ['id'],
  '/Webhook': ['id'],
  '/Webhooks': [...collection, 'listFields', 'count'],
  '/Webhooks/getInfo': collection,
  '/Webhooks/meta': ['format'],
  '/WebhookLog': ['id'],
  '/WebhookLogs': [...collection, 'listFields', 'count'],
  '/WebhookLogs/getInfo': collection,
  '/WebhookLogs/meta': ['format'],
};

test('each parameter of the contract is one text: lists, fields and two values are refused by name, wherever they stand', async (t) => {
  const { host, unchanged } = await arena(t);
  t.deepEqual(Object.keys(parametersOf), [...routes.keys()], 'a route was added: say here what it takes');
  for (const [path, { methods }] of routes) {
    const method = methods[0] ?? '';
    for (const name of parametersOf[path] ?? []) {
      const others = Object.fromEntries(Object.entries(asked).filter(([other]) => other !== name));
      const start = new URLSearchParams(others).toString();
      const wrong: readonly Wish[] = [
        { form: `${start}&${name}=a&${name}=b` },
        { form: `${start}&${name}[]=a` },
        { form: `${start}&${name}=a&${name}[b]=c` },
        ...(name === 'data' ? [{ json: { ...others, data: '{"format":"full","format":"notify"}' } }] : []),
        ...(name === 'condition' ? [{ json: { ...others, condition: '[{"op":"=","op":"<>"}]' } }] : []),
        { json: { ...others, [name]: name === 'condition' ? [[[[]]]] : ['a', 'b'] } },
        { json: { ...others, [name]: name === 'data' ? { format: ['a'] } : { a: 'b' } } },
        { json: { ...others, [name]: name === 'data' ? { format: { a: 'b' } } : { toString: 'b' } } },
        { json: { ...others, [name]: name === 'data' ? 7 : { length: 1, 0: 'a' } } },
      ];
      for (const wish of wrong) {
        const answer = await host.call(method, path, wish);
        t.is(answer.status, 400, `${path}: ${JSON.stringify(wish)}: ${answer.text}`);
        t.regex(
          answer.text,
          name === 'condition' ? /"condition"|^Invalid query/ : new RegExp(`"${name}[["]|in "data"`),
          JSON.stringify(wish),
        );
        await unchanged(`${path}: ${JSON.stringify(wish)}`);
      }
    }
  }
  t.deepEqual(host.errors, []);
});

test('no route of the management API takes a body that is hostile, each says the same of it, and nothing has changed', async (t) => {
  const { host, ids, unchanged } = await arena(t);
  let requests = 0;
  for (const { route, path } of everyRoute(ids)) {
    for (const hostile of bodyCases((route.body?.example ?? {}) as Readonly<Record<string, unknown>>)) {
      const what = `${route.method} ${path}: ${hostile.name}`;
      const reply = await host.api<ProblemJson>(route.method, path, wishOf(hostile));
      requests += 1;
      const status = hostile.manage === 'invalid_body' ? 400 : 415;
      t.like(reply.json, problem(hostile.manage, status) as never, `${what}: ${reply.text}`);
      t.is(reply.headers['content-type'], 'application/problem+json', what);
      if (status === 400 && hostile.contract) t.regex(reply.json.detail, hostile.contract, what);
      await unchanged(what);
    }
  }
  t.true(requests > 900, `${requests} requests`);
  t.deepEqual(host.errors, []);
});

test('each member of a body of the management API is of its type: all else is refused by name', async (t) => {
  const { host, ids, unchanged } = await arena(t);
  let members = 0;
  for (const { route, path } of everyRoute(ids)) {
    if (!route.body) continue;
    const good = route.body.example as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(route.body.schema.properties)) {
      members += 1;
      const values = [1, 0, true, [], ['a'], {}, { a: 'b' }, { length: 1 }, '', 'a\0b', '\ud800', 'x'.repeat(5_000)];
      const schema = route.body.schema.properties[name] as TSchema & { readonly type?: string; readonly anyOf?: unknown };
      // A list without anything in it is what takes headers away; a number or true may be just what is asked for.
      const takes = (one: unknown): boolean =>
        (name === 'headers' && JSON.stringify(one) === '[]') ||
        ((schema.anyOf !== undefined || ['integer', 'boolean'].includes(schema.type ?? '')) && Value.Check(schema, one));
      for (const value of values.filter((one) => !takes(one))) {
        const reply = await host.api<ProblemJson>(route.method, path, { json: { ...good, [name]: value } });
        t.like(reply.json, problem('invalid_body', 400, name) as never, `${route.id} ${name}: ${reply.text}`);
        await unchanged(`${route.id} ${name} ${JSON.stringify(value)?.slice(0, 40)}`);
      }
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        for (const value of [{ [key]: { polluted: 1 } }, [{ [key]: 1 }]]) {
          const reply = await host.api<ProblemJson>(route.method, path, { json: { ...good, [name]: value } });
          t.like(reply.json, problem('invalid_body', 400) as never, `${route.id} ${name}: ${reply.text}`);
          t.regex(reply.json.detail, new RegExp(`^No parameter can be called "${key}"`));
          await unchanged(`${route.id} ${name}: ${key}`);
        }
      }
    }
    for (const name of ['toString', 'hasOwnProperty', '__defineGetter__', 'accountId', 'attributes', 'id']) {
      const reply = await host.api<ProblemJson>(route.method, path, { json: { ...good, [name]: 'x' } });
      t.like(reply.json, problem('invalid_body', 400, name) as never, `${route.id} ${name}: ${reply.text}`);
      await unchanged(`${route.id} ${name}`);
    }
  }
  t.true(members > 10);
  t.deepEqual(host.errors, []);
});

test('the same routes take what is good, so that none of this was refused for another reason', async (t) => {
  const { host, ids } = await arena(t);
  for (const { route, path } of everyRoute(ids)) {
    if (!route.body) continue;
    const example = route.body.example as Readonly<Record<string, unknown>>;
    const json = 'subscriptionId' in example ? { ...example, subscriptionId: ids.subscription } : example;
    const { status, text } = await host.api<SubscriptionJson>(route.method, path, { json });
    t.is(status, route.answer.status, `${route.id}: ${text}`);
  }
  for (const { contract, name, ...hostile } of bodyCases(asked)) {
    if (contract !== null) continue;
    const wish = wishOf({ ...hostile, name, contract });
    t.is((await host.call('POST', '/Webhook/subscribe', wish)).status, 200, name);
    t.is((await host.call('GET', '/Webhooks/meta', wish)).status, 200, name);
  }
});
