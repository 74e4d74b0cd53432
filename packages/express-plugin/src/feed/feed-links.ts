import type { WebhooksOptions } from '../options.ts';
import { escapeHtml } from '../pages/html.ts';
import { feedTypes } from './write-feed.ts';

/** What the head of a page says, so that browsers and readers find the feeds; empty when there are none. */
export function feedLinks({ feed }: Pick<WebhooksOptions, 'feed'>, root: string): string {
  if (!feed) return '';
  return Object.entries(feedTypes)
    .map(([name, type]) => `<link rel="alternate" type="${type}" title="${escapeHtml(feed.title)}" href="${root}feed.${name}">`)
    .join('\n');
}
