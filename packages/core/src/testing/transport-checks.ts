import { fail } from 'node:assert/strict';
import type { TransportAdapter, TransportRequest } from '../transport-adapter.ts';
import type { TransportResult } from '../model/transport-result.ts';
import type { TransportHarness } from './transport-harness.ts';

/** How late a result may be on a busy machine, in milliseconds. */
export const graceMs = 750;

/** A request to a URL. */
export function requestTo(url: string, more: Partial<TransportRequest> = {}): TransportRequest {
  return {
    deliveryId: 'delivery-1',
    accountId: 'account-1',
    subscriptionId: 1,
    topic: 'sub_tag(3)',
    url,
    headers: ['content-type', 'application/x-www-form-urlencoded', 'webhook-id', 'delivery-1'],
    body: 'webhook_id=3&event%5Btype%5D=sub_tag',
    ...more,
  };
}

/** Runs a check with a transport that has been started, and stops it afterwards. */
export async function withTransport(
  harness: TransportHarness,
  check: (transport: TransportAdapter) => Promise<void>,
): Promise<void> {
  const transport = harness.createTransport();
  await transport.start({ now: Date.now });
  const stop = async (): Promise<void> =>
    within(transport.deadlineMs + graceMs, transport.stop(), 'stop had not resolved after the deadline');
  try {
    await check(transport);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  await stop();
}

/** Sends, and fails with a sentence when `send` rejects or when its deadline passes. */
export async function settle(transport: TransportAdapter, request: TransportRequest): Promise<TransportResult> {
  let sent: Promise<TransportResult>;
  try {
    sent = transport.send(request);
  } catch (error) {
    fail(`send threw instead of resolving with a failure: ${String(error)}`);
  }
  const caught = sent.catch((error: unknown) => fail(`send rejected instead of resolving with a failure: ${String(error)}`));
  return within(transport.deadlineMs + graceMs, caught, `send had not settled ${graceMs} ms after its deadline`);
}

/** Sends, and fails with a sentence unless the receiver accepts. */
export async function accepted(transport: TransportAdapter, request: TransportRequest): Promise<TransportResult & { ok: true }> {
  const result = await settle(transport, request);
  return result.ok ? result : fail(`a receiver that accepts was taken for one that fails: ${result.reason}`);
}

/** Sends, and fails with a sentence unless that is a failure. */
export async function refused(transport: TransportAdapter, request: TransportRequest): Promise<TransportResult & { ok: false }> {
  const result = await settle(transport, request);
  if (result.ok) fail(`a failure was taken for success (status ${result.status})`);
  if (typeof result.reason !== 'string' || result.reason === '') fail('the failure has no reason');
  return result;
}

/** Waits for a promise, and no longer than that. */
export async function within<Value>(ms: number, promise: Promise<Value>, sentence: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(sentence)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
