import type { Collection } from './collection.ts';
import { readQuery } from './read-query.ts';
import type { Call, Reply } from './route.ts';

/**
 * Answers how many of the account's own records a query meets, whatever page it asks for: `GET Webhooks/getInfo`,
 * `GET WebhookLogs/getInfo`. The rest of the answer is what a page of such records would be drawn by, and is always empty.
 */
export async function getInfo<Row, Field extends string>(call: Call, collection: Collection<Row, Field>): Promise<Reply> {
  const { query } = readQuery(call.parameters, collection);
  const { total } = await collection.list(call.engine, call.account.accountId, { ...query, offset: 0, limit: 0 });
  return { data: { listFields: [''], listFieldSettings: [], cardViewSettings: [], viewMode: [], count: String(total) } };
}
