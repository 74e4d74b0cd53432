import type { ServerResponse } from 'node:http';
import { queryOf, type HostRequest } from '../request.ts';
import type { SectionHandler } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import type { Bin, BinAnswer } from './bin.ts';
import type { BinStore, NewArrival } from './bin-store.ts';
import type { BinBounds } from './bins-options.ts';
import { checkArrival } from './check-arrival.ts';
import { readArrivedBody } from './read-arrived-body.ts';

/** Requests of one account that may be read or held back at once. */
const maxHeld = 100;

/** Makes what takes `in/…`: any method, any path below a bin. Nothing of it is asked for but the bin's id. */
export function receiver(
  store: BinStore,
  bounds: BinBounds,
  context: SectionContext,
): (id: string, path: string) => SectionHandler {
  const held = new Map<string, number>();

  return (id, path) => async (request, response) => {
    const bin = store.find(id);
    if (!bin) return send(response, 404, 'There is no such bin: it was deleted, or forgotten because nobody used it.');
    const before = held.get(bin.accountId) ?? 0;
    if (before >= maxHeld) {
      return send(response, 429, `More than ${maxHeld} requests to the bins of this account are under way.`, [
        ['Retry-After', '1'],
      ]);
    }
    held.set(bin.accountId, before + 1);
    try {
      await receive(bin, path, request, response);
    } finally {
      const left = (held.get(bin.accountId) ?? 1) - 1;
      if (left > 0) held.set(bin.accountId, left);
      else held.delete(bin.accountId);
    }
  };

  async function receive(bin: Bin, path: string, request: HostRequest, response: ServerResponse): Promise<void> {
    const at = context.options.now();
    const { ended, ...body } = await readArrivedBody(request, bounds);
    const signature = await checkArrival(bin, request.headers, body, context);
    const { headers, method = '' } = request;
    const webhookId = headers['webhook-id'];
    const arrival: NewArrival = {
      at,
      method,
      path,
      query: queryOf(request),
      headers: pairsOf(request.rawHeaders),
      contentType: headers['content-type'] ?? '',
      body,
      webhookId: typeof webhookId === 'string' ? webhookId : null,
      signature,
    };
    const kept = store.keep(bin, arrival);
    if (!kept) return send(response, 404, 'This bin was deleted just now.');
    const { status, body: text, headers: more, delayMs } = kept.answer;
    if (delayMs > 0) await wait(delayMs, response);
    send(response, status, text, more, !ended);
  }
}

/** Waits, but not for somebody who has gone. */
async function wait(ms: number, response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Answers with text that no browser can take for anything else. */
function send(response: ServerResponse, status: number, text: string, more: BinAnswer['headers'] = [], hangUp = false): void {
  if (response.headersSent || response.destroyed) return;
  // What the host gives to all its answers is for its own pages, not for whoever writes to a bin.
  for (const name of response.getHeaderNames()) {
    if (name === 'set-cookie' || name.startsWith('access-control-')) response.removeHeader(name);
  }
  const bare = status === 204 || status === 205 || status === 304;
  const body = bare ? '' : text;
  response.writeHead(status, {
    ...Object.fromEntries(more),
    ...(bare ? {} : { 'Content-Type': 'text/plain;charset=UTF-8', 'Content-Length': Buffer.byteLength(body) }),
    ...(hangUp ? { Connection: 'close' } : {}),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': `sandbox; default-src 'none'; frame-ancestors 'none'`,
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
  });
  response.end(body);
}

function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? '', raw[2 * index + 1] ?? ''] as const);
}
