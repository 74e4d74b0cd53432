import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { entryOf } from './assets.ts';
import { sendHtml, writeHtml } from './html.ts';

/** A page as it is asked for. */
export interface Page {
  /** The folder of its sources below `pages/`. */
  readonly name: string;
  readonly title: string;
  /** The way from the page's own path to the mount point: `''` for `/console`, `'../'` for `/bins/x`. */
  readonly root: string;
  /** What its script is told: it reads `#settings`. Must be plain JSON. */
  readonly settings: unknown;
  /** More for the head, e.g. links to feeds; written by us, never by anybody else. */
  readonly head?: string;
}

/**
 * Sends a page: an empty shell that loads its script and styles from this host and nothing from any other, under a policy
 * by which nothing that gets into it can run.
 */
export async function sendPage(response: ServerResponse, page: Page): Promise<void> {
  const { script, styles } = await entryOf(page.name);
  const nonce = randomBytes(18).toString('base64');
  const { root, title, head = '' } = page;
  const html = writeHtml({
    title,
    styles: styles.map((style) => `${root}assets/${style}`),
    head,
    body: `<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
<script id="settings" type="application/json">${escapeJson(page.settings)}</script>
<script type="module" nonce="${nonce}" src="${root}assets/${script}"></script>`,
  });
  sendHtml(response, 200, html, nonce);
}

/** JSON that cannot end the script element that it stands in. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value ?? null).replaceAll('<', '\\u003c');
}
