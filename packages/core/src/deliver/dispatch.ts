import { messageOf } from '../errors.ts';
import { whyExpired } from '../model/event-times.ts';
import type { Dispatched, DispatchResult, Held } from '../model/held.ts';
import type { LateRecord } from '../model/late-record.ts';
import { answeredAtOnce, type Plugin } from '../plugin.ts';
import type { TransportAdapter, TransportRequest } from '../transport-adapter.ts';
import type { TransportResult } from '../model/transport-result.ts';
import type { Composed } from './compose.ts';

/** Claims that ran out without an outcome, after which a delivery is taken to kill whoever sends it. */
const maxAbandonments = 5;

/** What `dispatch` works with. */
export interface DispatchContext {
  readonly compose: (held: Held) => Composed;
  readonly transportFor: (url: string) => TransportAdapter | undefined;
  readonly plugins: readonly Pick<Plugin, 'name' | 'request'>[];
  readonly now: () => number;
  readonly monotonicNow: () => number;
}

/**
 * Sends one claim, once, and says what came of it; never rejects.
 *
 * @param late its event with the record that was loaded for it, or why there is none; null when it was stored with its record
 */
export async function dispatch(held: Held, context: DispatchContext, late: LateRecord | null = null): Promise<Dispatched> {
  const startedAt = context.now();
  const began = context.monotonicNow();
  const prepared = prepare(held, late, startedAt, context);
  let result: DispatchResult;
  if ('ok' in prepared) {
    result = prepared;
  } else {
    const { transport, request } = prepared;
    try {
      result = checked(await transport.send(request), transport);
      // One more try at once where nothing can have reached the receiver: a kept connection that it had closed meanwhile.
      if (!result.ok && result.unsent) result = checked(await transport.send(request), transport);
    } catch (error) {
      result = localFault(`the ${transport.name} transport failed: ${messageOf(error)}`);
    }
  }
  return { held, startedAt, durationMs: Math.max(0, Math.round(context.monotonicNow() - began)), result };
}

interface Prepared {
  readonly transport: TransportAdapter;
  readonly request: TransportRequest;
}

function prepare(
  held: Held,
  late: LateRecord | null,
  startedAt: number,
  context: DispatchContext,
): Prepared | Extract<DispatchResult, { ok: null | false }> {
  const { claim, subscription, event: stored } = held;
  if (subscription.health === 'unsubscribed') {
    return { ok: null, kind: 'unsubscribed', reason: subscription.healthReason };
  }
  if (claim.abandonments >= maxAbandonments) {
    const reason = `quarantined: ${claim.abandonments} times its sender ended without an outcome`;
    return { ok: null, kind: 'quarantined', reason };
  }
  const expired = whyExpired(stored, startedAt);
  if (expired !== null) return { ok: null, kind: 'expired', reason: expired };
  if (late && 'missing' in late) return { ok: null, kind: missingKinds[late.missing], reason: late.reason };
  const { url } = subscription;
  const transport = context.transportFor(url);
  if (!transport) return localFault('no transport for its URL is installed here');
  try {
    const { event, contentType, body } = context.compose(late ? { ...held, event: late.event } : held);
    const headers = [
      'content-type',
      contentType,
      'user-agent',
      'Hookwell',
      'webhook-id',
      claim.id,
      'webhook-timestamp',
      String(Math.floor(startedAt / 1_000)),
    ];
    for (const plugin of context.plugins) {
      if (!plugin.request) continue;
      const added = plugin.request({ deliveryId: claim.id, subscription, event, attempt: claim.attempts + 1, body, startedAt });
      headers.push(...checkHeaders(plugin, answeredAtOnce(plugin, 'request', added)));
    }
    const { accountId, id: subscriptionId } = subscription;
    return { transport, request: { deliveryId: claim.id, accountId, subscriptionId, topic: event.topic, url, headers, body } };
  } catch (error) {
    return { ok: null, kind: 'internal_error', reason: `internal_error: ${messageOf(error)}` };
  }
}

const missingKinds = { gone: 'record_gone', failed: 'record_not_loaded', expired: 'expired' } as const;

/** @throws {Error} so that what a plugin got wrong is not taken for trouble with the endpoint */
function checkHeaders({ name }: Pick<Plugin, 'name'>, headers: readonly string[]): readonly string[] {
  const problem = (what: string): Error => new Error(`the request hook of the plugin "${name}" answered ${what}`);
  if (!Array.isArray(headers) || headers.length % 2 !== 0) throw problem('no list of names and values in turn');
  for (const [index, text] of headers.entries()) {
    const isName = index % 2 === 0;
    if (typeof text !== 'string' || !(isName ? headerName : headerValue).test(text)) {
      throw problem(`${isName ? 'a name' : `a value of "${headers[index - 1]}"`} that no header can have`);
    }
  }
  return headers;
}

const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const headerValue = /^[\t\x20-\x7e]{0,4096}$/;

function checked(result: TransportResult | undefined, { name }: Pick<TransportAdapter, 'name'>): TransportResult {
  return typeof result?.ok === 'boolean' ? result : localFault(`the ${name} transport gave no result`);
}

function localFault(reason: string): Extract<TransportResult, { ok: false }> {
  return { ok: false, fault: 'local', reason, status: 0, answer: '', retryAfterMs: null, unsent: false };
}
