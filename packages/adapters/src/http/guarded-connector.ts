import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { HookwellError } from '@hookwell/core';
import QuickLRU from 'quick-lru';
import { buildConnector } from 'undici';
import { BlockedAddressError, type AddressGuard } from './address-guard.ts';
import type { Connector } from './connections.ts';
import type { HttpTransportOptions } from './http-options.ts';
import { proxyTunnel } from './proxy-tunnel.ts';
import { dnsResolver, systemResolver, type ResolveHost } from './resolve-host.ts';

type ConnectionGuard = Pick<AddressGuard, 'permits' | 'permitsName'>;

/** Ports that are remembered; each has a connector of its own, whose TLS sessions serve that port alone. */
const rememberedPorts = 256;

/**
 * Opens sockets to addresses that the guard permits, and to no others: an address in the URL is looked at before, those
 * of a name when they have been found, all of them, and the one that was connected to once more afterwards. Nothing that
 * comes from a request, such as a `Host` header, decides which certificate is asked for. With a `proxy`, it is the proxy that
 * looks at the addresses of names.
 *
 * @throws {HookwellError} `invalid_option` when `tls`, `proxy` or `dnsServers` cannot be used
 */
export function guardedConnector(
  options: Pick<HttpTransportOptions, 'connectMs' | 'maxSockets' | 'dnsMs' | 'dnsServers' | 'monotonicNow' | 'proxy' | 'tls'>,
  guard: ConnectionGuard,
  resolve: ResolveHost = dnsResolver(options),
): Connector {
  const secureContext = secureContextOf(options.tls);
  const connectors = new QuickLRU<number, Connector>({ maxSize: rememberedPorts });
  const { proxy } = options;
  const throughProxy = proxy === undefined ? null : proxyTunnel({ ...options, proxy, secureContext });
  let sockets = 0;

  function connectorTo(port: number): Connector {
    let connector = connectors.get(port);
    if (connector === undefined) {
      connector = buildConnector({
        allowH2: false,
        timeout: options.connectMs,
        secureContext,
        // Node's own default, unless the host's process was started with something weaker.
        rejectUnauthorized: true,
        lookup: guardedLookup(guard, port, resolve),
      });
      connectors.set(port, connector);
    }
    return connector;
  }

  return (target, callback) => {
    const { hostname, protocol } = target;
    const port = Number(target.port) || (protocol === 'https:' ? 443 : 80);
    const isAddress = isIP(hostname) !== 0;
    // Node asks no lookup for what is an address already.
    if (isAddress && !guard.permits(hostname, port)) {
      queueMicrotask(() => callback(new BlockedAddressError(), null));
      return;
    }
    if (sockets >= options.maxSockets) {
      const error = Object.assign(new Error('too many connections'), { code: 'HOOKWELL_MAX_SOCKETS' });
      queueMicrotask(() => callback(error, null));
      return;
    }
    sockets += 1;
    const closed = (): void => {
      sockets -= 1;
    };
    // What undici hands on here it has read from the request's Host header. Of an address, undici finds that there is none.
    const servername = isAddress ? '' : hostname;
    const open = throughProxy ?? connectorTo(port);
    open({ ...target, host: target.host ?? hostname, servername }, (...[error, socket]) => {
      if (error) closed();
      else socket.once('close', closed);
      if (error) callback(error, null);
      // Of a tunnel, the other end is the proxy.
      else if (throughProxy) callback(null, socket);
      else if (socket.remoteAddress === undefined) {
        socket.destroy();
        callback(Object.assign(new Error('the connection was closed at once'), { code: 'ECONNRESET' }), null);
      } else if (guard.permits(socket.remoteAddress, port, isAddress ? undefined : hostname)) callback(null, socket);
      else {
        socket.destroy();
        callback(new BlockedAddressError(), null);
      }
    });
  };
}

function secureContextOf(tls: HttpTransportOptions['tls']): SecureContext {
  try {
    return createSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw new HookwellError(
      'invalid_option',
      `httpTransport: the option "tls" does not hold PEM of certificates and the key of the first one: ${messageOf(cause)}.`,
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function guardedLookup(guard: ConnectionGuard, port: number, resolve: ResolveHost): LookupFunction {
  return (name, { all }, callback) => {
    const found = (guard.permitsName(name, port) ? systemResolver : resolve)(name);
    found.then(
      (addresses) => {
        if (!addresses.every((address) => guard.permits(address, port, name))) callback(new BlockedAddressError(), '');
        else if (all === true)
          callback(
            null,
            addresses.map((address) => ({ address, family: isIP(address) })),
          );
        else callback(null, addresses[0] ?? '', isIP(addresses[0] ?? ''));
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}
