import { showRows, type Collection } from './collection.ts';
import { Refusal } from './refusal.ts';
import type { Call, Reply } from './route.ts';

/** Answers the one record of the account's own that `id` names: `GET Webhook`, `GET WebhookLog`. */
export async function getOne<Row, Field extends string>(call: Call, collection: Collection<Row, Field>): Promise<Reply> {
  const id = call.parameters.id();
  const page = await collection.list(call.engine, call.account.accountId, {
    where: { kind: 'compare', field: 'id' as Field, operator: '=', value: id },
    sort: collection.sort,
    offset: 0,
    limit: 1,
  });
  const [row] = await showRows(call, collection, page.rows);
  if (!row) throw new Refusal(404, `No ${collection.objectType.name} ${id} in this account.`);
  return { data: row };
}
