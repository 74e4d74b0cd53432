import type { ServerResponse } from 'node:http';
import { readBody } from '../contract/read-body.ts';
import { send } from '../contract/send.ts';
import { Problem } from '../manage/problem.ts';
import type { HostRequest } from '../request.ts';
import type { Arrival, Bin } from './bin.ts';
import { readBinAnswer } from './bin-answer.ts';
import { arrivalJson, binJson, wholeArrivalJson } from './bin-json.ts';
import type { BinStore } from './bin-store.ts';
import { binStreams } from './bin-stream.ts';
import type { BinBounds } from './bins-options.ts';

/** What a path names, as far as it is the account's own. */
export interface BinCall {
  readonly accountId: string;
  /** @throws {Problem} `not_found`, for a bin of another account as for none */
  readonly bin: () => Bin;
  /** @throws {Problem} `not_found` */
  readonly arrival: () => Arrival;
}

/** A route of the API of bins. */
export interface BinRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the mount point, with a template: `/bins/api/{bin}`. */
  readonly path: string;
  /** Whether its answer goes on, so that there is no head of it alone. */
  readonly streams?: true;
  readonly run: (call: BinCall, request: HostRequest, response: ServerResponse) => void | Promise<void>;
}

/** Every route below `bins/api`. */
export function binRoutes(store: BinStore, bounds: BinBounds): readonly BinRoute[] {
  const stream = binStreams();
  return [
    {
      method: 'GET',
      path: '/bins/api',
      run: ({ accountId }, _, response) => sendJson(response, 200, { bins: store.of(accountId).map(binJson) }),
    },
    {
      method: 'POST',
      path: '/bins/api',
      run({ accountId }, _, response) {
        const bin = store.make(accountId);
        if (!bin) throw new Problem('unavailable', `This host holds ${bounds.inAll} bins, and no more. Try again later.`);
        sendJson(response, 201, binJson(bin));
      },
    },
    {
      method: 'GET',
      path: '/bins/api/{bin}',
      run(call, _, response) {
        const bin = call.bin();
        sendJson(response, 200, { bin: binJson(bin), requests: bin.arrivals.map(arrivalJson) });
      },
    },
    {
      method: 'DELETE',
      path: '/bins/api/{bin}',
      run({ bin }, _, response) {
        store.remove(bin());
        sendNothing(response);
      },
    },
    {
      method: 'PUT',
      path: '/bins/api/{bin}/answer',
      async run(call, request, response) {
        const bin = call.bin();
        store.choose(bin, readBinAnswer(await readBody(request)));
        sendJson(response, 200, binJson(bin));
      },
    },
    {
      method: 'GET',
      path: '/bins/api/{bin}/events',
      streams: true,
      run: ({ bin }, request, response) => stream(bin(), request, response),
    },
    {
      method: 'DELETE',
      path: '/bins/api/{bin}/requests',
      run({ bin }, _, response) {
        store.clear(bin());
        sendNothing(response);
      },
    },
    {
      method: 'GET',
      path: '/bins/api/{bin}/requests/{number}',
      run: ({ arrival }, _, response) => sendJson(response, 200, wholeArrivalJson(arrival())),
    },
    {
      method: 'GET',
      path: '/bins/api/{bin}/requests/{number}/body',
      run: ({ arrival }, _, response) => sendBytes(response, arrival()),
    },
  ];
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, { status, contentType: 'application/json;charset=UTF-8', headers: {}, body: JSON.stringify(value) });
}

function sendNothing(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(204, { 'Cache-Control': 'no-store' }).end();
}

/** Hands the bytes out as a file that no browser opens. */
function sendBytes(response: ServerResponse, { number, body }: Arrival): void {
  if (body.bytes === null) throw new Problem('not_found', 'The bytes of this body are not known.');
  response.writeHead(200, {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.bytes.length,
    'Content-Disposition': `attachment; filename="request-${number}.bin"`,
    'Content-Security-Policy': `sandbox; default-src 'none'`,
  });
  response.end(body.bytes);
}
