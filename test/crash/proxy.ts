import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { monotonicMs } from './evidence.ts';

/** What is on its way when an answer is to be lost, as the wire has it, or the statement that it names. */
export const losses = {
  commit: /Q[\s\S]{4}commit\0/,
  store: /insert into \S+\."events" \(/,
  record: /insert into \S+\."attempts" \(/,
  claim: /skip locked/,
} as const;

/** Statements whose plan a server keeps: their text goes to it once for each connection, and then only their name. */
class NamedStatements {
  readonly #texts = new Map<string, string>();

  /** The texts of the statements that a message runs by their names. */
  runBy(message: string): string {
    for (const [, name = '', text = ''] of message.matchAll(/P[\s\S]{4}([^\0]+)\0([^\0]*)\0/g)) this.#texts.set(name, text);
    const run = [...message.matchAll(/B[\s\S]{4}\0([^\0]+)\0/g)];
    return run.map(([, name = '']) => this.#texts.get(name) ?? '').join('\n');
  }
}

/** A way through which a process reaches a server, and that can fail. */
export interface Proxy {
  readonly port: number;
  /** Cuts every connection. */
  readonly cut: () => void;
  /** Lets nothing through any more, in either direction, until it is cut or opened again. */
  readonly block: () => void;
  readonly open: () => void;
  /**
   * Waits for the client to send what matches, passes it on, and cuts the connection when the server's answer comes, of
   * which nothing reaches the client. Resolves with when that was; with null once it is called off.
   */
  readonly loseAnswer: (pattern: RegExp, calledOff: AbortSignal) => Promise<number | null>;
  readonly close: () => Promise<void>;
}

/** Opens a way to a server on this machine. */
export async function openProxy(serverPort: number): Promise<Proxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  const statements = new NamedStatements();
  let blocked = false;
  let loss: { readonly pattern: RegExp; readonly resolve: (at: number | null) => void } | undefined;

  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    const pair = [client, server] as const;
    pairs.add(pair);
    let losing: ((at: number) => void) | undefined;
    const end = (): void => {
      client.destroy();
      server.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.on('data', (chunk) => {
      const message = chunk.toString('latin1');
      const run = statements.runBy(message);
      if (loss && (loss.pattern.test(message) || loss.pattern.test(run))) {
        losing = loss.resolve;
        loss = undefined;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (!losing) {
        client.write(chunk);
        return;
      }
      losing(monotonicMs());
      end();
    });
    if (blocked) for (const socket of pair) socket.pause();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const cut = (): void => {
    for (const [client, server] of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    block() {
      blocked = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    open() {
      blocked = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    async loseAnswer(pattern, calledOff) {
      return new Promise((resolve) => {
        loss = { pattern, resolve };
        calledOff.addEventListener('abort', () => {
          if (loss?.resolve === resolve) loss = undefined;
          resolve(null);
        });
      });
    },
    async close() {
      cut();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
