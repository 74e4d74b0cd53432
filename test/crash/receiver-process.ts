// The receiver, in a process of its own: `node receiver-process.ts LEDGER SEED`. Each request is in the ledger before it is
// answered. One in eight deliveries is refused at first, so that there are always some to be claimed again.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs, type Arrival, type ClaimSeen } from './evidence.ts';
import { notebook } from './notebook.ts';
import { seededRandom } from './seeded-random.ts';

const [ledger = '', seed = '1'] = process.argv.slice(2);
const write: (arrival: Arrival) => void = notebook(ledger);
const random = seededRandom(Number(seed));
const refused = new Set<string>();

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('latin1').on('data', (part: string) => {
    body += part;
  });
  request.on('end', () => {
    const at = monotonicMs();
    const claim = JSON.parse(String(request.headers['x-claim'])) as ClaimSeen & { readonly sentAt: number };
    const delivery = String(request.headers['webhook-id']);
    const status = !refused.has(delivery) && random() < 1 / 8 ? 500 : 200;
    if (status === 500) refused.add(delivery);
    const fields = new URLSearchParams(body);
    const record = Number(/\d+$/.exec(fields.get('data[firstname]') ?? '')?.[0] ?? fields.get('data[id]'));
    write({ delivery, path: request.url ?? '', record, ...claim, at, status });
    const thinkMs = Number(request.headers['x-think-ms'] ?? 1 + random() * 40);
    void pause(thinkMs).then(() => response.writeHead(status).end());
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();
