import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pathOf, type HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { readChangelog } from './changelog.ts';
import { entryOfChange, type FeedEntry } from './feed-entry.ts';
import { feedTypes, writeFeed, type FeedType } from './write-feed.ts';

/** Beside `src` and `dist`, in the checkout and in the package. */
const changelog = new URL('../../CHANGELOG.md', import.meta.url);

/** Serves `feed.rss` and `feed.atom`: what has changed in the catalog of the host, and in what serves it. */
export function feed({ engine, options }: SectionContext): Section {
  const { feed: settings } = options;
  // What there is to tell does not change while the process runs.
  const modified = new Date(Math.floor(options.now() / 1_000) * 1_000);
  let entries: Promise<readonly FeedEntry[]> | undefined;

  return {
    find(path) {
      if (!settings) return undefined;
      const type = /^\/feed\.(rss|atom)$/.exec(path)?.[1] as FeedType | undefined;
      return type && (async (request, response) => serve(type, settings, request, response));
    },
  };

  async function serve(
    type: FeedType,
    { title, description, url }: NonNullable<typeof settings>,
    request: HostRequest,
    response: ServerResponse,
  ): Promise<void> {
    const { method = '', headers } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain;charset=UTF-8' });
      response.end(`${method} does nothing here.`);
      return;
    }
    entries ??= collect();
    const base = url?.replace(/\/+$/, '') ?? baseOf(request);
    const body = writeFeed(type, {
      title,
      description,
      self: `${base}/feed.${type}`,
      link: options.documentation ? `${base}/docs` : `${base}/`,
      entries: await entries,
    });
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const common = {
      ETag: etag,
      'Last-Modified': modified.toUTCString(),
      'Cache-Control': 'no-cache',
      ...(url === undefined ? { Vary: 'Host' } : {}),
    };
    if (isFresh(headers, etag, modified)) return void response.writeHead(304, common).end();
    response.writeHead(200, {
      ...common,
      'Content-Type': `${feedTypes[type]};charset=UTF-8`,
      'Content-Length': Buffer.byteLength(body),
      'Content-Security-Policy': `default-src 'none'; sandbox`,
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(method === 'HEAD' ? undefined : body);
  }

  async function collect(): Promise<readonly FeedEntry[]> {
    // A host that is bundled into one file has no change log of ours beside it.
    const own = settings?.own ? readChangelog(await readFile(changelog, 'utf8').catch(() => '')) : [];
    return [...engine.catalog.changes.map(entryOfChange), ...own]
      .toSorted((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : 0))
      .slice(0, settings?.entries);
  }
}

/** Where the client says that it found what is mounted. */
function baseOf(request: HostRequest & { readonly protocol?: string }): string {
  const { headers, socket, originalUrl, url, protocol = 'encrypted' in socket ? 'https' : 'http' } = request;
  const host = /^[a-z0-9.:[\]_-]{1,300}$/i.test(headers.host ?? '') ? headers.host : 'localhost';
  const path = pathOf({ url: originalUrl ?? url } as HostRequest);
  return new URL(`${protocol}://${host}${path.slice(0, path.lastIndexOf('/'))}`).href.replace(/\/+$/, '');
}

/** Whether the reader has it already. */
function isFresh(headers: HostRequest['headers'], etag: string, modified: Date): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    return known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
  }
  return Date.parse(headers['if-modified-since'] ?? '') >= modified.getTime();
}
