import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it reached the receiver. */
export interface Arrival {
  readonly path: string;
  /** The `webhook-id` header: the same on each attempt of one delivery. */
  readonly deliveryId: string;
  readonly contentType: string;
  /** The CRM process that sent it, by the header that it adds when there are several; else empty. */
  readonly process: string;
  readonly body: string;
  /** In milliseconds since the epoch. */
  readonly receivedAt: number;
  /** What it answered. */
  readonly status: number;
}

/** What the receiver tells the process that forked it. */
export type ReceiverMessage =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'arrivals'; readonly arrivals: readonly Arrival[] }
  | { readonly type: 'flushed' };

/**
 * Takes whatever it is sent and answers 200, except to the first attempt of every so many deliveries, which it refuses
 * with 500 on purpose. A process of its own, so that the time it takes is not taken from the CRM.
 */
function receive(refuseEvery: number, tell: (arrivals: readonly Arrival[]) => void) {
  const seen = new Set<string>();
  let gathered: Arrival[] = [];
  const flush = () => {
    if (gathered.length > 0) tell(gathered);
    gathered = [];
  };
  setInterval(flush, 20).unref();
  const server = createServer((request, response) => {
    const receivedAt = Date.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const deliveryId = String(request.headers['webhook-id'] ?? '');
      const refused = refuseEvery > 0 && !seen.has(deliveryId) && seen.size % refuseEvery === refuseEvery - 1;
      seen.add(deliveryId);
      const status = refused ? 500 : 200;
      gathered.push({
        path: request.url ?? '',
        deliveryId,
        contentType: request.headers['content-type'] ?? '',
        process: String(request.headers['crm-process'] ?? ''),
        body: Buffer.concat(chunks).toString('utf8'),
        receivedAt,
        status,
      });
      response.writeHead(status).end();
    });
  });
  server.keepAliveTimeout = 60_000;
  return { server, flush };
}

const send = process.send?.bind(process) as ((message: ReceiverMessage) => void) | undefined;
const [refuseEvery = 0, port = 0] = process.argv.slice(2).map(Number);
const { server, flush } = receive(refuseEvery, (arrivals) => {
  if (send) send({ type: 'arrivals', arrivals });
  else for (const { path, body } of arrivals) console.log(`${path} ${decodeURIComponent(body.replaceAll('+', ' '))}`);
});
server.listen(port, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (send) send({ type: 'ready', url });
  else console.log(`receiving on ${url}`);
});
if (send) {
  process.on('message', () => {
    flush();
    send({ type: 'flushed' });
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches every process of a terminal; this one ends when the CRM has stopped and disconnects.
  process.on('SIGINT', () => {});
}
