import type { Call, Reply } from './route.ts';
import { readSubscriptionData } from './subscription-data.ts';

/** Makes a subscription: `POST Webhook/subscribe`. */
export async function subscribe({ engine, account, parameters }: Call): Promise<Reply> {
  const url = parameters.required('url');
  const topic = parameters.required('event');
  const { text, format, encoding } = readSubscriptionData(parameters.value('data'));
  const { accountId, owner } = account;
  const { id } = await engine.subscriptions.create({ accountId, url, topic, format, encoding, data: text });
  return { data: { url, event: topic, id, owner, ...(text === undefined ? {} : { data: text }) } };
}
