import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { behaviourOf, type HostileBehaviour } from './hostile-receiver-behaviours.ts';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn, as on the wire. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A receiver on loopback that misbehaves as its paths ask for. Made by {@link hostileReceiver}. */
export interface HostileReceiver {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /** The URL of a behaviour; `key` tells apart those that behave alike. */
  readonly url: (behaviour: HostileBehaviour, key?: string) => string;
  /** Requests that have arrived in full, for all paths or for the path of one URL. */
  readonly count: (url?: string) => number;
  /** The last of them, at most {@link HostileReceiverOptions.keep} over all paths, in the order in which they arrived. */
  readonly received: (url?: string) => readonly ReceivedRequest[];
  /** Connections that have been opened to it so far. */
  readonly connections: () => number;
  /** Lets the process end although it listens. */
  readonly unref: () => void;
  /** Cuts every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/** The options of {@link hostileReceiver}. */
export interface HostileReceiverOptions {
  /** Requests kept for `received`. Default: 1,000. */
  readonly keep?: number;
  /** The clock for dates in answers, in milliseconds since the epoch. Default: the machine's. */
  readonly now?: () => number;
}

/**
 * Starts a real HTTP receiver on loopback with every bad habit that a sender has to survive, one for each path: see
 * {@link hostileBehaviours}. An unknown path is answered 404.
 *
 * @example
 * const receiver = await hostileReceiver()
 * await subscribe(receiver.url('drip-body'))
 */
export async function hostileReceiver({ keep = 1_000, now = Date.now }: HostileReceiverOptions = {}): Promise<HostileReceiver> {
  const counts = new Map<string, number>();
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let total = 0;

  function arrived(request: ReceivedRequest): void {
    total += 1;
    counts.set(request.path, (counts.get(request.path) ?? 0) + 1);
    requests.push(request);
    if (requests.length > keep) requests.shift();
  }

  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    void respond(request, response, arrived, now);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  // Senders may break off in the middle of a request; a server without this would answer 400.
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pathOf = (url: string): string => url.slice(url.startsWith(origin) ? origin.length : 0);

  return {
    origin,
    url: (behaviour, key) => `${origin}/${behaviour}${key === undefined ? '' : `/${encodeURIComponent(key)}`}`,
    count: (url) => (url === undefined ? total : (counts.get(pathOf(url)) ?? 0)),
    received: (url) => (url === undefined ? [...requests] : requests.filter(({ path }) => path === pathOf(url))),
    connections: () => connections,
    unref() {
      server.unref();
      server.on('connection', (socket) => socket.unref());
      for (const socket of sockets) socket.unref();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  arrived: (request: ReceivedRequest) => void,
  now: () => number,
): Promise<void> {
  const { method = '', url: path = '', rawHeaders: headers, socket } = request;
  const parts: Buffer[] = [];
  try {
    for await (const part of request) parts.push(part as Buffer);
  } catch {
    return;
  }
  arrived({ method, path, headers, body: Buffer.concat(parts).toString('utf8') });
  const found = behaviourOf(path);
  if (!found) {
    response.writeHead(404).end(`no behaviour is called ${path}`);
    return;
  }
  const repeat = (everyMs: number, write: () => void): void => {
    const timer = setInterval(write, everyMs);
    timer.unref();
    socket.once('close', () => clearInterval(timer));
  };
  found.behave({ request, response, socket, number: found.number, now, repeat });
}
