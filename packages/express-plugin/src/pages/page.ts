import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { HostRequest } from '../request.ts';
import { entryOf } from './assets.ts';

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
export async function sendPage(request: HostRequest, response: ServerResponse, page: Page): Promise<void> {
  const { script, styles } = await entryOf(page.name);
  const nonce = randomBytes(18).toString('base64');
  const { root, title, head = '' } = page;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
${styles.map((style) => `<link rel="stylesheet" href="${root}assets/${style}">`).join('\n')}
${head}
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
<script id="settings" type="application/json">${escapeJson(page.settings)}</script>
<script type="module" nonce="${nonce}" src="${root}assets/${script}"></script>
</body>
</html>
`;
  sendHtml(request, response, 200, html, nonce);
}

/** Sends HTML of our own under the policy of all pages. */
export function sendHtml(request: HostRequest, response: ServerResponse, status: number, html: string, nonce?: string): void {
  if (response.headersSent || response.destroyed) return;
  const scripts = nonce === undefined ? `'none'` : `'nonce-${nonce}' 'strict-dynamic'`;
  response.writeHead(status, {
    'Content-Type': 'text/html;charset=UTF-8',
    'Content-Length': Buffer.byteLength(html),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [
      `default-src 'none'`,
      `script-src ${scripts}`,
      `style-src 'self'`,
      `img-src 'self' data:`,
      `font-src 'self'`,
      `connect-src 'self'`,
      `base-uri 'none'`,
      `form-action 'self'`,
      `frame-ancestors 'none'`,
    ].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  });
  response.end(request.method === 'HEAD' ? undefined : html);
}

/** Text as HTML shows it, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** JSON that cannot end the script element that it stands in. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value ?? null).replaceAll('<', '\\u003c');
}
