import { readFileSync } from 'node:fs';
import { defineCatalog, ontraportCatalog, type CatalogChangeDefinition } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { parseAtomFeed, parseRssFeed } from 'feedsmith';
import Parser from 'rss-parser';
import { readChangelog } from '../src/feed/changelog.ts';
import type { WebhooksOptionsInput } from '../src/index.ts';
import { startHost, versions, type Host, type HostOptions, type Version } from './host.ts';

const added: CatalogChangeDefinition = {
  at: '2026-11-20',
  kind: 'added',
  title: 'The event purchase_product',
  description: 'Fires at the till.\n\nIts parameter is product_id,\nof the product.',
};

const hostile = `]]>]]><script>alert(1)</script> &amp; &lt;b&gt; "quoted" 'so' ]]> Größe 🙂 <!-- --> <![CDATA[x]]>`;

async function startFeed(
  t: ExecutionContext,
  changes: readonly CatalogChangeDefinition[],
  feed: WebhooksOptionsInput['feed'] = {},
  { options, ...more }: HostOptions = {},
): Promise<Host> {
  const catalog = defineCatalog({ ...ontraportCatalog.definition, changes });
  return startHost(t, { ...more, engine: { catalog }, options: { feed, ...options } });
}

const get = async (host: Host, type: 'rss' | 'atom', headers: Record<string, string> = {}) =>
  host.call('GET', `/feed.${type}`, { as: null, headers });

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: both feeds tell of changes and releases, newest first, to a parser and to a reader`, async (t) => {
    const host = await startFeed(t, [added, { ...added, at: '2027-01-31', kind: 'removed' }], {}, { version });
    const titles = ['The event purchase_product', 'Hookwell’s Express plugin 0.1.0', 'The event purchase_product'];
    const days = ['2027-01-31T00:00:00.000Z', '2026-11-25T00:00:00.000Z', '2026-11-20T00:00:00.000Z'];

    const rss = await get(host, 'rss');
    t.is(rss.headers['content-type'], 'application/rss+xml;charset=UTF-8');
    const parsedRss = parseRssFeed(rss.text);
    t.like(parsedRss, {
      title: 'Changes of the webhooks API',
      description: 'What was added, changed, deprecated and removed.',
      link: `${host.url}/1/`,
      lastBuildDate: 'Sun, 31 Jan 2027 00:00:00 GMT',
    });
    t.like(parsedRss.atom?.links?.[0], { rel: 'self', href: `${host.url}/1/feed.rss` });
    t.deepEqual(
      parsedRss.items?.map(({ title }) => title),
      titles,
    );
    t.deepEqual(
      parsedRss.items?.map(({ categories }) => categories?.map(({ name }) => name)),
      [['removed'], ['released'], ['added']],
    );
    for (const { guid, link, pubDate } of parsedRss.items ?? []) {
      t.regex(guid?.value ?? '', /^urn:hookwell:change:[\w.-]+$/);
      t.is(guid?.isPermaLink, false);
      t.is(link, `${host.url}/1/`);
      t.false(Number.isNaN(Date.parse(pubDate ?? '')));
    }

    const atom = await get(host, 'atom');
    t.is(atom.headers['content-type'], 'application/atom+xml;charset=UTF-8');
    const parsedAtom = parseAtomFeed(atom.text);
    t.like(parsedAtom, { id: `${host.url}/1/feed.atom`, title: { value: 'Changes of the webhooks API' }, updated: days[0] });
    t.truthy(parsedAtom.authors?.[0]?.name);
    t.deepEqual(
      parsedAtom.links?.map(({ rel, href }) => `${rel} ${href}`),
      [`alternate ${host.url}/1/`, `self ${host.url}/1/feed.atom`],
    );
    t.deepEqual(
      parsedAtom.entries?.map(({ updated }) => updated),
      days,
    );
    t.deepEqual(
      parsedAtom.entries?.map(({ id }) => id),
      parsedRss.items?.map(({ guid }) => guid?.value),
    );
    t.deepEqual(parsedAtom.entries?.[2]?.summary, {
      value: '<p>Fires at the till.</p>\n<p>Its parameter is product_id,<br>of the product.</p>',
      type: 'html',
    });

    for (const { text } of [rss, atom]) {
      // Strict: it throws for XML that is not well-formed.
      const read = await new Parser().parseString(text);
      t.deepEqual(
        read.items.map(({ title }) => title),
        titles,
      );
      t.deepEqual(
        read.items.map(({ isoDate }) => isoDate),
        days,
      );
      t.regex(read.items[2]?.contentSnippet ?? read.items[2]?.summary ?? '', /Fires at the till\./);
    }
  });
}

test('a new entry of the catalog appears, and those before keep their ids', async (t) => {
  const before = parseRssFeed((await get(await startFeed(t, [added]), 'rss')).text).items ?? [];
  const next = { ...added, at: '2027-02-01', title: 'The event cancel_order' };
  const after = parseRssFeed((await get(await startFeed(t, [next, added]), 'rss')).text).items ?? [];
  t.deepEqual(
    after.map(({ title }) => title),
    ['The event cancel_order', ...before.map(({ title }) => title ?? '')],
  );
  t.deepEqual(
    after.slice(1).map(({ guid }) => guid?.value),
    before.map(({ guid }) => guid?.value),
  );
});

test('hostile texts stay texts, in both feeds', async (t) => {
  const host = await startFeed(t, [{ ...added, title: hostile, description: hostile }], { title: 'A <b> & "c"', own: false });
  const escaped = hostile
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  const rss = await get(host, 'rss');
  const item = (await new Parser().parseString(rss.text)).items[0];
  t.is(item?.title, hostile);
  t.is(item?.content, `<p>${escaped}</p>`);
  t.is(parseRssFeed(rss.text).title, 'A <b> & "c"');
  const atom = await get(host, 'atom');
  // A title of Atom that says that it is HTML: escaped once for HTML, and then held by XML.
  t.true(atom.text.includes('<title type="html"><![CDATA['));
  t.is((await new Parser().parseString(atom.text)).items.length, 1);
  t.true(atom.text.includes(`<![CDATA[${escaped}]]>`));
  t.true(atom.text.includes(`<![CDATA[<p>${escaped}</p>]]>`));
});

test('a feed holds the newest entries up to its bound, and with none it is still a feed', async (t) => {
  const many = Array.from({ length: 9 }, (_, index) => ({ ...added, at: `2026-01-0${index + 1}` }));
  const items = parseRssFeed((await get(await startFeed(t, many, { entries: 3, own: false }), 'rss')).text).items ?? [];
  t.deepEqual(
    items.map(({ pubDate }) => pubDate?.slice(5, 16)),
    ['09 Jan 2026', '08 Jan 2026', '07 Jan 2026'],
  );
  const empty = await startFeed(t, [], { own: false });
  t.is((await new Parser().parseString((await get(empty, 'rss')).text)).items.length, 0);
  const atom = await get(empty, 'atom');
  t.is((await new Parser().parseString(atom.text)).items.length, 0);
  t.is(parseAtomFeed(atom.text).updated, '1970-01-01T00:00:00.000Z');
});

test('URLs are those of the option, or those at which the client found it', async (t) => {
  const fixed = await startFeed(t, [added], { url: 'https://crm.example.com/1/' }, { options: { documentation: {} } });
  const read = parseAtomFeed((await get(fixed, 'atom')).text);
  t.is(read.id, 'https://crm.example.com/1/feed.atom');
  t.is(read.entries?.[0]?.links?.[0]?.href, 'https://crm.example.com/1/docs');
  t.is((await get(fixed, 'atom')).headers['vary'], undefined);

  const found = await startFeed(t, [added]);
  t.is(
    parseAtomFeed((await get(found, 'atom', { Host: 'hooks.example:8080' })).text).id,
    'http://hooks.example:8080/1/feed.atom',
  );
  const strange = await get(found, 'atom', { Host: 'a"><script>' });
  t.is(parseAtomFeed(strange.text).id, 'http://localhost/1/feed.atom');
  t.regex(String(strange.headers['vary']), /Host/);
});

test('readers that have it get it no second time', async (t) => {
  const host = await startFeed(t, [added]);
  const first = await get(host, 'rss');
  const { etag = '', 'last-modified': modified = '' } = first.headers;
  t.regex(etag, /^"[\w-]{22}"$/);
  t.is(modified, 'Thu, 15 Jan 2026 12:00:00 GMT');
  for (const headers of [{ 'If-None-Match': `"x", W/${etag}` }, { 'If-Modified-Since': modified }, { 'If-None-Match': '*' }]) {
    const again = await get(host, 'rss', headers);
    t.is(again.status, 304, JSON.stringify(headers));
    t.is(again.text, '');
    t.is(again.headers.etag, etag);
  }
  for (const headers of [
    { 'If-None-Match': '"x"', 'If-Modified-Since': modified },
    { 'If-Modified-Since': 'Thu, 15 Jan 2026 11:59:59 GMT' },
    { 'If-Modified-Since': 'nonsense' },
  ]) {
    t.is((await get(host, 'rss', headers as Record<string, string>)).status, 200, JSON.stringify(headers));
  }
  t.is((await host.call('HEAD', '/feed.rss', { as: null })).text, '');
  t.is((await host.call('POST', '/feed.rss', { as: null })).status, 405);
  t.not((await get(host, 'atom')).headers.etag, etag);
});

test('without the option there is no feed, and no other path is one', async (t) => {
  const without = await startHost(t);
  t.is((await without.call('GET', '/feed.rss', { as: null })).status, 404);
  const host = await startFeed(t, []);
  for (const path of ['/feed', '/feed.json', '/feed.rss/', '/xfeed.rss'])
    t.is((await host.call('GET', path, { as: null })).status, 404, path);
});

test('the documentation links to the feeds', async (t) => {
  const host = await startFeed(t, [], { title: 'A "b"' }, { options: { documentation: {} } });
  const { text } = await host.call('GET', '/docs', { as: null });
  t.true(text.includes('<link rel="alternate" type="application/rss+xml" title="A &quot;b&quot;" href="feed.rss">'));
  t.true(text.includes('<link rel="alternate" type="application/atom+xml" title="A &quot;b&quot;" href="feed.atom">'));
});

test('the change log of the package says of every version when it was released', (t) => {
  const text = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  const versionsThere = [...text.matchAll(/^## (\S+)$/gm)].map(([, version]) => `release-${version}`);
  t.true(versionsThere.length > 0);
  t.deepEqual(
    readChangelog(text).map(({ id }) => id),
    versionsThere,
  );
});

test('a change log is read without what means nothing to users, and without what is not released', (t) => {
  const entries = readChangelog(`# @hookwell/express-plugin

## 0.3.0

### Minor Changes

- abcdef1: Not released yet.

## 0.2.0

Released 2026-12-24.

### Minor Changes

- abcdef1: First line,
  second line.

  Second paragraph.

- Another \`point\`.

### Patch Changes

- Updated dependencies [ff7388e]
  - @hookwell/core@0.2.0
- 1234567: A fix.
`);
  t.deepEqual(entries, [
    {
      id: 'release-0.2.0',
      day: '2026-12-24',
      title: 'Hookwell’s Express plugin 0.2.0',
      paragraphs: ['First line, second line. Second paragraph.', 'Another `point`.', 'A fix.'],
      kind: 'released',
    },
  ]);
  t.deepEqual(readChangelog(''), []);
});
