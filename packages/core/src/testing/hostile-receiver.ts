import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createBareServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { behaviourOf, onConnection, type FoundBehaviour, type HostileBehaviour } from './hostile-receiver-behaviours.ts';
import { play } from './hostile-receiver-play.ts';
import type { HostileContext } from './hostile-receiver-script.ts';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn, as on the wire. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** What became of a connection after it was misbehaved on. */
export interface HostileExchange {
  /** The name of the behaviour, with `N` for its number. */
  readonly behaviour: string;
  /** When the behaviour began, in milliseconds since the epoch. */
  readonly beganAt: number;
  /** When the connection was gone; null while it is there. */
  endedAt: number | null;
  /** What the sender, and the buffers on the way to it, took of the answer, in bytes. */
  readonly takenBytes: () => number;
}

/** A receiver on loopback that misbehaves as its paths ask for. Made by {@link hostileReceiver}. */
export interface HostileReceiver {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /**
   * The URL of a behaviour; `key` tells apart those that behave alike. Those that begin with the connection have a port of
   * their own.
   */
  readonly url: (behaviour: HostileBehaviour, key?: string) => string;
  /**
   * Requests that have arrived in full, for all paths or for the path of one URL; connections, for a behaviour that begins
   * with those.
   */
  readonly count: (url?: string) => number;
  /** The last of them, at most {@link HostileReceiverOptions.keep} over all paths, in the order in which they arrived. */
  readonly received: (url?: string) => readonly ReceivedRequest[];
  /** What became of the last of them, likewise. */
  readonly exchanges: () => readonly HostileExchange[];
  /** Connections that have been opened to it so far. */
  readonly connections: () => number;
  /** Connections that are open now. */
  readonly openConnections: () => number;
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
  /** The port of all behaviours that begin with a request. Default: any that is free. */
  readonly port?: number;
}

/**
 * Starts a real HTTP receiver on loopback with every bad habit that a sender has to survive, one for each path: see
 * {@link hostileBehaviours}. An unknown path is answered 404.
 *
 * @example
 * const receiver = await hostileReceiver()
 * await subscribe(receiver.url('drip-body'))
 */
export async function hostileReceiver({
  keep = 1_000,
  now = Date.now,
  port = 0,
}: HostileReceiverOptions = {}): Promise<HostileReceiver> {
  const counts = new Map<string, number>();
  const requests: ReceivedRequest[] = [];
  const exchanges: HostileExchange[] = [];
  const sockets = new Map<Socket, OpenConnection>();
  let connections = 0;
  let total = 0;
  let referenced = true;

  function counted(path: string): void {
    total += 1;
    counts.set(path, (counts.get(path) ?? 0) + 1);
  }

  function kept<Item>(list: Item[], item: Item): void {
    list.push(item);
    if (list.length > keep) list.shift();
  }

  function opened(socket: Socket): void {
    connections += 1;
    const connection: OpenConnection = { earlier: new Map(), running: new Set() };
    sockets.set(socket, connection);
    if (!referenced) socket.unref();
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      for (const exchange of connection.running) exchange.endedAt = now();
    });
  }

  function begin({ name, script, number }: FoundBehaviour, socket: Socket, response: ServerResponse | null): void {
    const connection = sockets.get(socket);
    if (!connection) return;
    const already = socket.bytesWritten;
    const exchange: HostileExchange = {
      behaviour: name,
      beganAt: now(),
      endedAt: null,
      takenBytes: () => socket.bytesWritten - socket.writableLength - already,
    };
    kept(exchanges, exchange);
    connection.running.add(exchange);
    // A kept connection serves many: each of them is over with a whole answer, or with the connection.
    response?.once('finish', () => {
      connection.running.delete(exchange);
      exchange.endedAt = now();
    });
    const earlier = connection.earlier.get(name) ?? 0;
    connection.earlier.set(name, earlier + 1);
    const context: HostileContext = { number, now, earlier };
    void play(typeof script.steps === 'function' ? script.steps(context) : script.steps, socket, response);
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', rawHeaders: headers, socket } = request;
    const found = behaviourOf(path);
    const early = found?.script.on === 'headers';
    if (early) begin(found, socket, response);
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    counted(path);
    kept(requests, { method, path, headers, body: Buffer.concat(parts).toString('utf8') });
    if (!found) response.writeHead(404).end(`no behaviour is called ${path}`);
    else if (!early) begin(found, socket, response);
  }

  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    void respond(request, response);
  });
  server.on('connection', opened);
  // Senders may break off in the middle of a request; a server without this would answer 400.
  server.on('clientError', (_error, socket) => socket.destroy());
  const origin = `http://127.0.0.1:${await listen(server, port)}`;

  const servers: Server[] = [server];
  const ownOrigins = new Map<string, string>();
  for (const found of onConnection) {
    const own = createBareServer({ allowHalfOpen: true }, (socket) => {
      opened(socket);
      counted(`/${found.name}`);
      if (found.script.reads) socket.resume();
      begin(found, socket, null);
    });
    servers.push(own);
    ownOrigins.set(found.name, `${found.script.scheme ?? 'http:'}//127.0.0.1:${await listen(own, 0)}`);
  }

  function pathOf(url: string): string {
    const path = url.replace(/^https?:\/\/[^/]*/, '');
    const name = path.split('/')[1] ?? '';
    return ownOrigins.has(name) ? `/${name}` : path;
  }

  return {
    origin,
    url: (behaviour, key) =>
      `${ownOrigins.get(behaviour) ?? origin}/${behaviour}${key === undefined ? '' : `/${encodeURIComponent(key)}`}`,
    count: (url) => (url === undefined ? total : (counts.get(pathOf(url)) ?? 0)),
    received: (url) => (url === undefined ? [...requests] : requests.filter(({ path }) => path === pathOf(url))),
    exchanges: () => [...exchanges],
    connections: () => connections,
    openConnections: () => sockets.size,
    unref() {
      referenced = false;
      for (const one of [...servers, ...sockets.keys()]) one.unref();
    },
    async close() {
      const closed = servers.map((one) => new Promise((resolve) => one.close(resolve)));
      for (const socket of sockets.keys()) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** What is known of a connection while it is there. */
interface OpenConnection {
  /** Requests that it brought so far, by behaviour. */
  readonly earlier: Map<string, number>;
  readonly running: Set<HostileExchange>;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
