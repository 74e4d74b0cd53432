import type { TransportRequest } from '@hookwell/core';

/** A request to a URL, as an engine would send it. */
export function requestTo(url: string, more: Partial<TransportRequest> = {}): TransportRequest {
  return {
    deliveryId: 'delivery-1',
    accountId: 'account-1',
    subscriptionId: 1,
    topic: 'sub_tag(3)',
    url,
    headers: ['content-type', 'application/x-www-form-urlencoded', 'webhook-id', 'delivery-1'],
    body: 'webhook_id=3',
    ...more,
  };
}
