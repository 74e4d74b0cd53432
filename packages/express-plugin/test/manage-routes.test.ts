import { readFileSync } from 'node:fs';
import test from 'ava';
import Value from 'typebox/value';
import { problems } from '../src/manage/problem.ts';
import { commonErrors } from '../src/manage/route.ts';
import { manageRoutes } from '../src/manage/routes.ts';
import type { CatalogJson } from '../src/manage/schemas-stats.ts';
import { CatalogSchema } from '../src/manage/schemas-stats.ts';
import { startManaged } from './manage-host.ts';

for (const route of manageRoutes) {
  test(`${route.id}: what its table says of it fits together`, (t) => {
    const { method, path, parameters, query, body, answer, errors } = route;
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    t.deepEqual(inPath, parameters ? Object.keys(parameters.properties) : []);
    if (answer.schema)
      t.true(Value.Check(answer.schema, answer.example), JSON.stringify(Value.Errors(answer.schema, answer.example)));
    if (body) t.true(Value.Check(body.schema, body.example));
    const sentence = /^[A-Z].*\.$/;
    t.regex(answer.description, sentence);
    t.regex(route.description, sentence);
    t.regex(route.summary, /^[A-Z].*[^.]$/);
    t.is(errors.includes('cross_site'), method !== 'GET' || answer.contentType === 'text/event-stream');
    t.is(errors.includes('invalid_body'), body !== null);
    t.is(errors.includes('not_found'), parameters !== null);
    t.is(errors.includes('invalid_parameter'), query !== null);
    t.false(errors.some((code) => (commonErrors as readonly string[]).includes(code)));
    t.is(route.permission === 'read', method === 'GET');
  });
}

test('every name and every path with its method is there once', (t) => {
  const ids = manageRoutes.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  const paths = manageRoutes.map(({ method, path }) => `${method} ${path}`);
  t.is(new Set(paths).size, paths.length);
});

test('every object of an answer is closed, so that nothing gets into it unseen', (t) => {
  interface Part {
    readonly properties?: Readonly<Record<string, Part>>;
    readonly additionalProperties?: boolean;
    readonly items?: Part;
    readonly anyOf?: readonly Part[];
  }
  const visit = ({ properties, additionalProperties, items, anyOf = [] }: Part, where: string): void => {
    if (properties) t.false(additionalProperties, where);
    for (const [name, member] of Object.entries(properties ?? {})) visit(member, `${where}.${name}`);
    for (const one of [...(items ? [items] : []), ...anyOf]) visit(one, where);
  };
  for (const { id, answer } of manageRoutes) if (answer.schema) visit(answer.schema, id);
});

test('the catalog tells what can be subscribed to, with the formats of plugins and the examples of the host', async (t) => {
  const host = await startManaged(t, {
    options: {
      documentation: {
        examples: (id: string) => ({ events: { sub_tag: [{ number: 4, name: `Newsletter of ${id}` }] } }),
      },
    },
    engine: { plugins: [{ name: 'events', formats: ['cloudevents'] }] },
  });
  const { json } = await host.api<CatalogJson>('GET', '/catalog');
  t.true(Value.Check(CatalogSchema, json));
  t.deepEqual(json.formats, ['full', 'lightweight', 'notify', 'cloudevents']);
  t.deepEqual(json.encodings, ['form', 'json']);
  t.deepEqual(
    json.events.find(({ name }) => name === 'sub_tag'),
    {
      name: 'sub_tag',
      parameter: 'tag_id',
      examples: [{ number: 4, name: 'Newsletter of 1' }],
    },
  );
  t.true(json.events.find(({ name }) => name === 'object_create')?.examples.some(({ name }) => name === 'Contact'));
  t.deepEqual(
    json.objectTypes.find(({ id }) => id === 0),
    {
      id: 0,
      name: 'Contact',
      fields: ['id', 'firstname', 'lastname', 'email'],
      lightweight: ['id', 'firstname', 'lastname', 'email'],
    },
  );
});

test('a host that cannot tell its examples keeps nobody from the catalog', async (t) => {
  const host = await startManaged(t, {
    options: {
      documentation: {
        examples() {
          throw new Error('no tags today');
        },
      },
    },
  });
  t.is((await host.api('GET', '/catalog')).status, 200);
  t.regex(host.errors[0]?.message ?? '', /no tags today/);
});

test('HEAD says what GET would, without a body', async (t) => {
  const host = await startManaged(t);
  const head = await host.api('HEAD', '/catalog');
  t.is(head.status, 200);
  t.is(head.text, '');
  t.is(head.headers['content-length'], String(Buffer.byteLength((await host.api('GET', '/catalog')).text)));
  t.is((await host.api('HEAD', '/live')).status, 405);
});

test('the guide names every route and every problem, and no others', (t) => {
  const guide = readFileSync(new URL('../../../docs/management-api.md', import.meta.url), 'utf8');
  const named = [...guide.matchAll(/^\| `(\w+) (manage\/[^`]+)`/gm)].map(([, method, path]) => `${method} /${path}`);
  t.deepEqual(named.toSorted(), manageRoutes.map(({ method, path }) => `${method} ${path}`).toSorted());
  const codes = [...guide.matchAll(/^\| (\d+) +\| `(\w+)`/gm)].map(([, status, code]) => `${status} ${code}`);
  t.deepEqual(
    codes.toSorted(),
    Object.entries(problems)
      .map(([code, [status]]) => `${status} ${code}`)
      .toSorted(),
  );
});
