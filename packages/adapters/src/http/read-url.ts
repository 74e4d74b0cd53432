/** Where a request goes: what undici wants to know of a URL. */
export interface Target {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

/** The longest URL that is sent to, in bytes. */
const maxUrlBytes = 2_048;

/**
 * Reads a URL, or says in one sentence what is wrong with it. It looks at the text before parsing, because the parser
 * drops or rewrites much of what should be refused.
 */
export function readUrl(url: string, protocols: readonly string[]): Target | string {
  if (Buffer.byteLength(url) > maxUrlBytes) return `it is longer than ${maxUrlBytes} bytes; use a shorter one`;
  if (/[\p{Cc} ]/u.test(url)) return 'it contains a space or a control character; remove it, or write it percent-encoded';
  if (/\P{ASCII}/u.test(url)) {
    return 'it contains characters outside ASCII; write its host in punycode (xn--…) and the rest percent-encoded';
  }
  if (url.includes('\\')) return 'it contains a backslash; write a slash, or %5C';
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]/.test(url) || !URL.canParse(url)) {
    return `it is not a URL of the form ${protocols[0] ?? 'https:'}//host/path`;
  }
  const { protocol, origin, port, pathname, search } = new URL(url);
  if (!protocols.includes(protocol)) {
    return `it begins with ${protocol}, and only ${protocols.join(' and ')} may be sent to; the option \`protocols\` of httpTransport decides`;
  }
  if (/^[^/]+:\/\/[^/?#]*@/.test(url)) {
    return 'it carries a user name or a password; remove them, and recognise requests by their signature';
  }
  if (url.includes('#')) return 'it has a fragment (#…), which is never sent; remove it';
  if (port === '0') return 'its port is 0, to which nothing can be sent; name the port of the receiver';
  return { origin, path: pathname + search };
}
