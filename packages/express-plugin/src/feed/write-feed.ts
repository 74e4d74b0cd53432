import { Feed } from 'feed';
import { escapeHtml } from '../pages/html.ts';
import type { FeedEntry } from './feed-entry.ts';

/** A feed before it is written. */
export interface FeedContent {
  readonly title: string;
  readonly description: string;
  /** Where the feed is. */
  readonly self: string;
  /** Where more is to be read. */
  readonly link: string;
  /** Newest first. */
  readonly entries: readonly FeedEntry[];
}

/** The kinds of feeds, and their content types. */
export const feedTypes = { rss: 'application/rss+xml', atom: 'application/atom+xml' } as const;
export type FeedType = keyof typeof feedTypes;

/** Writes a feed as XML. Texts stay texts, whatever stands in them. */
export function writeFeed(type: FeedType, { title, description, self, link, entries }: FeedContent): string {
  const feed = new Feed({
    id: self,
    title: clean(title),
    description: clean(description),
    link,
    feed: self,
    updated: timeOf(entries[0]?.day ?? '1970-01-01'),
    author: { name: clean(title) },
    language: 'en',
    generator: false,
    copyright: '',
  });
  for (const entry of entries) {
    const time = timeOf(entry.day);
    feed.addItem({
      id: `urn:hookwell:change:${encodeURIComponent(entry.id)}`,
      // The library says of titles in Atom that they are HTML; in RSS a title is text.
      title: type === 'atom' ? escapeHtml(clean(entry.title)) : splitSections(clean(entry.title)),
      link,
      date: time,
      published: time,
      description: entry.paragraphs.map((text) => `<p>${htmlOf(text)}</p>`).join('\n'),
      category: [{ name: entry.kind, term: entry.kind }],
    });
  }
  return type === 'atom' ? feed.atom1() : feed.rss2();
}

function timeOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function htmlOf(text: string): string {
  return escapeHtml(clean(text)).trim().replaceAll(/\r?\n/g, '<br>');
}

/** Without what XML cannot hold. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

/** The library ends a CDATA section in time for the first `]]>` of a text only. */
function splitSections(text: string): string {
  const [first = '', ...rest] = text.split(']]>');
  return rest.length === 0 ? first : `${first}]]>${rest.join(']]]]><![CDATA[>')}`;
}
