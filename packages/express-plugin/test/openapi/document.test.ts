import { defineCatalog, ontraportCatalog } from '@hookwell/core';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { startHost } from '../host.ts';
import { openApiDocument } from '../../src/openapi/document.ts';
import { manageRoutes } from '../../src/manage/routes.ts';
import { documentChecks } from './document-checks.ts';
import { routes } from '../../src/contract/routes.ts';

const catalog = defineCatalog({
  objectTypes: [...ontraportCatalog.definition.objectTypes, { id: 10_001, name: 'Car', fields: ['id', 'make', 'model', 'year'] }],
  events: { ...ontraportCatalog.definition.events, purchase_product: { parameter: 'product_id' } },
});
const source = {
  catalog,
  title: 'Webhooks',
  description: '',
  limit: { limit: 180, windowMs: 60_000 },
  manage: { session: true },
};

for (const [what, given] of Object.entries({
  'of a host’s own catalog': source,
  'without a rate limit': { ...source, limit: null },
  'without the management API': { ...source, manage: null },
})) {
  test(`the document ${what} is valid OpenAPI 3.1`, async (t) => {
    const result = await new Validator().validate({ ...plain(openApiDocument(given)) });
    t.deepEqual(result.errors ?? [], []);
    t.true(result.valid);
  });
}

test('Redocly’s linter has nothing to say', async (t) => {
  // Whose licence would it be? The API is the host's.
  const config = await createConfig({ extends: ['recommended'], rules: { 'info-license': 'off' } });
  const found = await lintFromString({ source: JSON.stringify(openApiDocument(source)), absoluteRef: 'openapi.json', config });
  t.deepEqual(
    found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ''}`),
    [],
  );
});

test('every example is valid by its own schema', (t) => {
  t.deepEqual(documentChecks(plain(openApiDocument(source))).wrongExamples(), []);
});

test('openapi.json is served without a login, as the document of this mount, and is not sent twice', async (t) => {
  const host = await startHost(t, { engine: { catalog }, options: { documentation: {}, console: { authenticate: () => null } } });
  const answer = await host.call('GET', '/openapi.json', { as: null });
  t.is(answer.status, 200);
  t.is(answer.headers['content-type'], 'application/json;charset=UTF-8');
  t.deepEqual(JSON.parse(answer.text), plain(openApiDocument(source)));
  const { etag = '' } = answer.headers;
  const again = await host.call('GET', '/openapi.json', { as: null, headers: { 'If-None-Match': etag } });
  t.is(again.status, 304);
  t.is((await host.call('POST', '/openapi.json', { as: null })).status, 405);
});

test('without the option there is neither a document nor a page', async (t) => {
  const host = await startHost(t);
  for (const path of ['/openapi.json', '/docs', '/docs/examples.json', '/assets/x.js']) {
    t.is((await host.call('GET', path)).status, 404, path);
  }
});

test('the same catalog makes the same document, byte for byte', (t) => {
  t.is(JSON.stringify(openApiDocument(source)), JSON.stringify(openApiDocument({ ...source })));
});

test('every path and verb that is served is in the document, and no other', (t) => {
  const { paths } = openApiDocument(source);
  const documented = Object.entries(paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb} ${path}`));
  const served = [...routes].flatMap(([path, { methods }]) =>
    methods.filter((verb) => verb !== 'HEAD').map((verb) => `${verb.toLowerCase()} ${path}`),
  );
  const managed = manageRoutes.map(({ method, path }) => `${method.toLowerCase()} ${path}`);
  t.deepEqual(documented.toSorted(), [...served, ...managed].toSorted());
});

test('servers are relative to the document, so that it is right under every mount and proxy', (t) => {
  const { servers } = plain(openApiDocument(source)) as unknown as { readonly servers: readonly { readonly url: string }[] };
  for (const at of ['https://crm.example/1/openapi.json', 'https://crm.example/api/hooks/openapi.json']) {
    t.is(new URL(servers[0]?.url ?? '', at).href, at.replace('openapi.json', ''));
  }
});

test('every operation has an id of its own, a summary, and examples of what is sent and answered', (t) => {
  const { paths, webhooks } = plain(openApiDocument(source));
  const ids = new Set<unknown>();
  for (const [path, verbs] of Object.entries({ ...paths, ...webhooks })) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const what = `${verb} ${path}`;
      t.regex(String(operation['operationId']), /^[A-Za-z0-9_]+$/, what);
      t.false(ids.has(operation['operationId']), what);
      ids.add(operation['operationId']);
      t.not(operation['summary'] ?? '', '', what);
      const { requestBody, responses } = operation as unknown as Body;
      for (const content of [requestBody, ...Object.values(responses)].flatMap((one) => Object.values(one?.content ?? {}))) {
        t.true(content.example !== undefined || Object.keys(content.examples ?? {}).length > 0, what);
      }
    }
  }
});

interface Body {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly example?: unknown; readonly examples?: object }>>;
}

/** As it is sent. */
function plain<Document>(document: Document): Document {
  return JSON.parse(JSON.stringify(document)) as Document;
}
