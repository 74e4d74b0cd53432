import { showRows, type Collection } from './collection.ts';
import { readQuery } from './read-query.ts';
import type { Call, Reply } from './route.ts';

/** Answers a page of the account's own records: `GET Webhooks`, `GET WebhookLogs`. */
export async function list<Row, Field extends string>(call: Call, collection: Collection<Row, Field>): Promise<Reply> {
  const { query, names, counted } = readQuery(call.parameters, collection);
  const { rows, total } = await collection.list(call.engine, call.account.accountId, query);
  const data = await showRows(call, collection, rows, names);
  return { data, collection: true, ...(counted ? { count: total } : {}) };
}
