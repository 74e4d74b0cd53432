// The receivers of isolation.test.ts, in a process of their own so that they share no event loop with the engine:
// `fork('isolation-process.ts', [HEALTHY])`. Each has an origin of its own, and the last one never answers.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What this process tells the one that forked it. */
export type ReceiversMessage =
  | { readonly type: 'ready'; readonly healthy: readonly string[]; readonly hanging: string }
  /** The record's id and when its payload had arrived, in milliseconds on the machine's monotonic clock. */
  | { readonly type: 'arrivals'; readonly arrivals: readonly (readonly [id: number, at: number])[] }
  | { readonly type: 'cut' };

/** What it is told: to tell what has arrived since, or to cut the requests that hang. */
export type ReceiversOrder = 'take' | 'cut';

let arrivals: (readonly [number, number])[] = [];

const healthyServer = (): Server =>
  createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString('latin1');
    });
    request.on('end', () => {
      arrivals.push([Number(/data%5Bid%5D=(\d+)/.exec(body)?.[1]), Number(process.hrtime.bigint()) / 1e6]);
      response.writeHead(200).end();
    });
  });
const hangingServer = createServer((request) => {
  request.resume();
});
const servers = [...Array.from({ length: Number(process.argv[2]) }, healthyServer), hangingServer];
const urls = await Promise.all(
  servers.map(
    async (server) =>
      new Promise<string>((resolve) => {
        server.keepAliveTimeout = 60_000;
        server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
      }),
  ),
);

const tell = (message: ReceiversMessage): void => void process.send?.(message);
process.on('message', (order: ReceiversOrder) => {
  if (order === 'take') {
    tell({ type: 'arrivals', arrivals });
    arrivals = [];
  } else {
    hangingServer.closeAllConnections();
    tell({ type: 'cut' });
  }
});
process.on('disconnect', () => process.exit());
tell({ type: 'ready', healthy: urls.slice(0, -1), hanging: urls.at(-1) ?? '' });
