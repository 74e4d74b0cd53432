import type { Server, ServerResponse } from 'node:http';
import { Problem } from '../manage/problem.ts';
import type { HostRequest } from '../request.ts';
import type { Bin, BinNotice } from './bin.ts';
import { arrivalJson, binJson } from './bin-json.ts';

/** Pages of one account that may watch at once. */
const maxStreams = 20;
/** After this the page asks again, and its session is looked at again. */
const maxStreamMs = 5 * 60_000;
const tickMs = 1_000;
const pulseEveryTicks = 20;
/** What may wait for a page that reads slowly. */
const maxWaitingBytes = 1_048_576;

/** Makes what tells pages of a bin as it changes, by server-sent events. */
export function binStreams(): (bin: Bin, request: HostRequest, response: ServerResponse) => void {
  const open = new Map<string, number>();

  return (bin, request, response) => {
    const { accountId } = bin;
    const count = open.get(accountId) ?? 0;
    if (count >= maxStreams) {
      throw new Problem('too_many_listeners', `${maxStreams} pages watch bins of this account already. Close some of them.`, {
        headers: { 'Retry-After': '10' },
      });
    }
    open.set(accountId, count + 1);
    response.writeHead(200, {
      'Content-Type': 'text/event-stream;charset=UTF-8',
      // Compressing middleware would hold events back; so would nginx.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    });
    const write = (text: string): void => {
      if (response.writableLength > maxWaitingBytes) response.destroy();
      else response.write(text);
    };
    const tell = (event: string, data: unknown): void => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const tellAll = (): void => tell('state', { bin: binJson(bin), requests: bin.arrivals.map(arrivalJson) });
    const watcher = (notice: BinNotice): void => {
      if (notice.kind === 'arrival') {
        tell('request', { bin: binJson(bin), request: arrivalJson(notice.arrival), oldest: bin.arrivals[0]?.number ?? 0 });
      } else if (notice.kind === 'changed') {
        tellAll();
      } else {
        tell('gone', {});
        response.end();
      }
    };

    write('retry: 1000\n\n');
    tellAll();
    bin.watchers.add(watcher);
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      // A server that closes waits for its connections, and this one would never end.
      const { server } = request.socket as { readonly server?: Server };
      if (server?.listening === false || ticks * tickMs >= maxStreamMs) response.end();
      else if (ticks % pulseEveryTicks === 0) write(': still here\n\n');
    }, tickMs);
    timer.unref();
    response.once('close', () => {
      clearInterval(timer);
      bin.watchers.delete(watcher);
      const left = (open.get(accountId) ?? 1) - 1;
      if (left > 0) open.set(accountId, left);
      else open.delete(accountId);
    });
  };
}
