import type { Call, Reply } from './route.ts';

/** Ends a subscription: `DELETE Webhook/unsubscribe`, and `POST` for clients that cannot send that. */
export async function unsubscribe({ engine, account, parameters }: Call): Promise<Reply> {
  await engine.subscriptions.remove(account.accountId, parameters.id());
  return { data: 'Deleted' };
}
