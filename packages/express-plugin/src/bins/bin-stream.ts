import type { ServerResponse } from 'node:http';
import { openEventStream } from '../event-stream.ts';
import { Problem } from '../manage/problem.ts';
import type { HostRequest } from '../request.ts';
import type { Bin, BinNotice } from './bin.ts';
import { arrivalJson, binJson } from './bin-json.ts';

/** Pages of one account that may watch at once. */
const maxStreams = 20;

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
    const stream = openEventStream(request, response, {
      retryMs: 1_000,
      maxMs: 5 * 60_000,
      maxUnreadBytes: 1_048_576,
      onClose() {
        bin.watchers.delete(watcher);
        const left = (open.get(accountId) ?? 1) - 1;
        if (left > 0) open.set(accountId, left);
        else open.delete(accountId);
      },
    });
    const tellAll = (): void => stream.send('state', { bin: binJson(bin), requests: bin.arrivals.map(arrivalJson) });
    const watcher = (notice: BinNotice): void => {
      if (notice.kind === 'arrival') {
        stream.send('request', { bin: binJson(bin), request: arrivalJson(notice.arrival), oldest: bin.arrivals[0]?.number ?? 0 });
      } else if (notice.kind === 'changed') {
        tellAll();
      } else {
        stream.send('gone', {});
        stream.end();
      }
    };

    tellAll();
    bin.watchers.add(watcher);
  };
}
