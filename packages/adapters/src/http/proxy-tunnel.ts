import type { SecureContext } from 'node:tls';
import { HookwellError } from '@hookwell/core';
import { buildConnector, Pool } from 'undici';
import { BlockedAddressError } from './address-guard.ts';
import type { Connector } from './connections.ts';
import type { HttpTransportOptions } from './http-options.ts';

/** What tunnels are opened with. */
export interface TunnelOptions extends Pick<HttpTransportOptions, 'connectMs'> {
  /** The URL of the proxy, with its credentials. */
  readonly proxy: string;
  /** For TLS with receivers, through the tunnel. */
  readonly secureContext: SecureContext;
}

/**
 * Opens sockets through the operator's proxy, by CONNECT, for https and http alike. The proxy finds the addresses of names,
 * and what it refuses (403) is refused as an address that may not be sent to.
 *
 * @throws {HookwellError} `invalid_option`, which never shows the credentials
 */
export function proxyTunnel({ proxy, connectMs, secureContext }: TunnelOptions): Connector {
  const { origin, credentials } = readProxy(proxy);
  const pool = new Pool(origin, {
    allowH2: false,
    connect: { timeout: connectMs, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    headersTimeout: connectMs,
  });
  const upgrade = buildConnector({ allowH2: false, timeout: connectMs, secureContext, rejectUnauthorized: true });

  return (target, callback) => {
    const isSecure = target.protocol === 'https:';
    const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
    const path = `${host}:${Number(target.port) || (isSecure ? 443 : 80)}`;
    const headers = ['host', path, ...(credentials === null ? [] : ['proxy-authorization', credentials])];
    pool.connect({ path, headers }, (error, answer) => {
      if (error) {
        callback(tunnelError(error), null);
        return;
      }
      const { statusCode, socket } = answer;
      const refusal = refusalOf(statusCode);
      if (refusal) {
        socket.on('error', () => undefined).destroy();
        callback(refusal, null);
      } else if (isSecure) upgrade({ ...target, httpSocket: socket as NonNullable<typeof target.httpSocket> }, callback);
      else callback(null, socket as NonNullable<typeof target.httpSocket>);
    });
  };
}

/** Where the proxy is, and the value of `Proxy-Authorization`. */
function readProxy(text: string): { readonly origin: string; readonly credentials: string | null } {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isBare = url !== null && url.pathname === '/' && url.search === '' && url.hash === '';
  if (!isBare || !['http:', 'https:'].includes(url.protocol)) {
    throw new HookwellError(
      'invalid_option',
      'httpTransport: the option "proxy" is not a URL of the form http://user:password@host:port or https://host:port; correct it.',
    );
  }
  const { origin, username, password } = url;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { origin, credentials: pair === ':' ? null : `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Why there is no tunnel; null when there is one. */
function refusalOf(status: number): Error | null {
  if (status >= 200 && status < 300) return null;
  if (status === 403) return new BlockedAddressError();
  if (status === 407) return withCode('HOOKWELL_PROXY_CREDENTIALS', 'the proxy does not take the credentials');
  return withCode('HOOKWELL_PROXY_FAILED', `the proxy answered ${status}`);
}

/** What kept the proxy from answering: a slow host behind it, or trouble of its own. */
function tunnelError(cause: Error): Error {
  if ('code' in cause && cause.code === 'UND_ERR_HEADERS_TIMEOUT') return withCode('UND_ERR_CONNECT_TIMEOUT', cause.message);
  return Object.assign(withCode('HOOKWELL_PROXY_DOWN', 'the proxy does not answer'), { cause });
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
