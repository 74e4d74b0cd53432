import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { onlyGet } from '../only-get.ts';
import { prepare, sendPrepared } from '../prepared.ts';
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
      return type && onlyGet(async (request, response) => serve(type, settings, request, response));
    },
  };

  async function serve(
    type: FeedType,
    { title, description, url }: NonNullable<typeof settings>,
    request: HostRequest,
    response: ServerResponse,
  ): Promise<void> {
    entries ??= collect();
    const base = url?.replace(/\/+$/, '') ?? baseOf(request);
    const body = writeFeed(type, {
      title,
      description,
      self: `${base}/feed.${type}`,
      link: options.documentation ? `${base}/docs` : `${base}/`,
      entries: await entries,
    });
    sendPrepared(request, response, prepare(`${feedTypes[type]};charset=UTF-8`, Buffer.from(body)), {
      headers: {
        'Cache-Control': 'no-cache',
        'Content-Security-Policy': `default-src 'none'; sandbox`,
        ...(url === undefined ? { Vary: 'Host' } : {}),
      },
      modified,
    });
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
