import { isIPv4 } from 'node:net';
import { blockedAddress, type AddressGuard } from './address-guard.ts';
import { isHostName, isPublicName } from './host-name.ts';
import { isUsualPort } from './port.ts';

/** Where a request goes: what undici wants to know of a URL. */
export interface Target {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

/** What decides which URLs may be sent to. */
export interface UrlRules {
  readonly protocols: readonly string[];
  readonly guard: Pick<AddressGuard, 'permits' | 'permitsName'>;
}

/** The longest URL that is sent to, in bytes. */
const maxUrlBytes = 2_048;

/**
 * Reads a URL, or says in one sentence what is wrong with it. It looks at the text before parsing, because the parser
 * drops or rewrites much of what should be refused, and asks for hosts in the one spelling that all parsers agree on.
 */
export function readUrl(url: string, { protocols, guard }: UrlRules): Target | string {
  if (Buffer.byteLength(url) > maxUrlBytes) return `it is longer than ${maxUrlBytes} bytes; use a shorter one`;
  if (/[\p{Cc} ]/u.test(url)) return 'it contains a space or a control character; remove it, or write it percent-encoded';
  if (/[\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(url)) return 'it contains an invisible character; remove it';
  if (/\P{ASCII}/u.test(url)) {
    return 'it contains characters outside ASCII; write its host in punycode (xn--…) and the rest percent-encoded';
  }
  if (url.includes('\\')) return 'it contains a backslash; write a slash, or %5C';
  const [, authority] = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]+)/.exec(url) ?? [];
  if (authority === undefined || !URL.canParse(url)) return `it is not a URL of the form ${protocols[0] ?? 'https:'}//host/path`;
  const { protocol, origin, hostname, port, pathname, search } = new URL(url);
  if (!protocols.includes(protocol)) {
    return `it begins with ${protocol}, and only ${protocols.join(' and ')} may be sent to; the option \`protocols\` of httpTransport decides`;
  }
  if (authority.includes('@')) {
    return 'it carries a user name or a password; remove them, and recognise requests by their signature';
  }
  if (url.includes('#')) return 'it has a fragment (#…), which is never sent; remove it';
  if (port === '0') return 'its port is 0, to which nothing can be sent; name the port of the receiver';
  const problem = hostProblem(
    { written: authority.replace(/:\d*$/, '').toLowerCase(), hostname },
    port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
    guard,
  );
  return problem ?? { origin, path: pathname + search };
}

interface Host {
  /** As it stands in the URL, in lower case. */
  readonly written: string;
  /** As it was understood. */
  readonly hostname: string;
}

function hostProblem({ written, hostname }: Host, port: number, guard: UrlRules['guard']): string | null {
  const isAddress = hostname.startsWith('[') || isIPv4(hostname);
  // An IPv6 address has many spellings, and each of them is one; of IPv4 only one is not taken for a name by somebody.
  if (written !== hostname && !hostname.startsWith('[')) {
    return `its host is written in an unusual way; write ${isAddress ? 'an IPv4 address as four decimal numbers' : 'its name as it is'}`;
  }
  if (isAddress) {
    if (guard.permits(hostname.replaceAll(/[[\]]/g, ''), port)) return null;
    return isUsualPort(port) ? blockedAddress : blockedPort;
  }
  if (guard.permitsName(hostname, port)) return null;
  if (!isHostName(hostname)) return 'its host is no name of letters, digits, hyphens and dots between them; correct it';
  if (!isPublicName(hostname)) return 'its host is not a name of the public internet; use one that is';
  return isUsualPort(port) ? null : blockedPort;
}

const blockedPort = 'its port may not be sent to; use 443, or one above 1023 that is not that of a well-known service';
