import type { ServerResponse } from 'node:http';

/** A page before it is written. All but the title is HTML of our own, never of anybody else. */
interface Html {
  /** Text. */
  readonly title: string;
  /** Where its styles are. */
  readonly styles: readonly string[];
  /** More for the head, e.g. links to feeds. */
  readonly head?: string;
  readonly body: string;
}

/** Writes what every page has around what is its own. */
export function writeHtml({ title, styles, head = '', body }: Html): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
${styles.map((style) => `<link rel="stylesheet" href="${style}">`).join('\n')}
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

/** Sends HTML of our own under the policy of all pages. Scripts run by their nonce, and none without one. */
export function sendHtml(response: ServerResponse, status: number, html: string, nonce?: string): void {
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
  // Node leaves the body of an answer to HEAD out.
  response.end(html);
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
