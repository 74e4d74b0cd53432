import { getInfo } from './get-info.ts';
import { getOne } from './get-one.ts';
import { list } from './list.ts';
import { meta } from './meta.ts';
import type { Call, Reply, Route } from './route.ts';
import { subscribe } from './subscribe.ts';
import { unsubscribe } from './unsubscribe.ts';
import { webhookLogs } from './webhook-logs.ts';
import { webhooks } from './webhooks.ts';

/** Every path of the contract, below the mount point. */
export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/Webhook/subscribe', { methods: ['POST'], permission: 'subscribe', run: subscribe }],
  ['/Webhook/unsubscribe', { methods: ['DELETE', 'POST'], permission: 'unsubscribe', run: unsubscribe }],
  ['/Webhook', reading((call) => getOne(call, webhooks))],
  ['/Webhooks', reading((call) => list(call, webhooks))],
  ['/Webhooks/getInfo', reading((call) => getInfo(call, webhooks))],
  ['/Webhooks/meta', reading((call) => meta(call, webhooks))],
  ['/WebhookLog', reading((call) => getOne(call, webhookLogs))],
  ['/WebhookLogs', reading((call) => list(call, webhookLogs))],
  ['/WebhookLogs/getInfo', reading((call) => getInfo(call, webhookLogs))],
  ['/WebhookLogs/meta', reading((call) => meta(call, webhookLogs))],
]);

function reading(run: (call: Call) => Promise<Reply>): Route {
  return { methods: ['GET', 'HEAD'], permission: 'read', run };
}
