import { randomBytes } from 'node:crypto';
import type { RequestContext, Subscription } from '../../src/index.ts';
import { standardWebhooks, type StandardWebhooksOptions } from '../../src/plugins/signatures.ts';
import { healthySubscription } from '../healthy-subscription.ts';

/** Headers by their names. */
export type SignedHeaders = Record<string, string>;

/** A secret of random bytes. */
export const newSecret = (bytes = 32): string => `whsec_${randomBytes(bytes).toString('base64')}`;

/** What a signature takes no notice of. */
export const unseen = { event: {} as RequestContext['event'], attempt: 1 };

/** The headers of a request: those that the engine sends, and those of the plugin. */
export function headersOf(
  options: StandardWebhooksOptions,
  request: { deliveryId: string; body: string; startedAt: number; subscription?: Subscription },
): SignedHeaders {
  const added = standardWebhooks(options).request?.({ ...unseen, subscription: healthySubscription, ...request }) ?? [];
  const headers: SignedHeaders = {
    'webhook-id': request.deliveryId,
    'webhook-timestamp': String(Math.floor(request.startedAt / 1_000)),
  };
  for (let index = 0; index < added.length; index += 2) headers[added[index] ?? ''] = added[index + 1] ?? '';
  return headers;
}
