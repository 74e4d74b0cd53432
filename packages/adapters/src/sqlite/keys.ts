import type { KeyUse, NewKey, StoredKey } from '@hookwell/core';
import { sql } from 'kysely';
import { readKey } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { bound, boundUnseen, queries } from './queries.ts';

/** Makes the calls about keys. */
export function prepareKeys(connection: Connection) {
  const insert = connection.prepare(
    queries
      .insertInto('hookwell_keys')
      .values({
        id: bound<string>(),
        account_id: bound<string>(),
        app_id: bound<string>(),
        digest: bound<string>(),
        last4: bound<string>(),
        name: bound<string>(),
        owner: bound<string>(),
        permissions: bound<string>(),
        created_at: bound<number>(),
      })
      .onConflict((conflict) => conflict.column('id').doNothing()),
  );
  const isLive = sql<boolean>`(ends_at is null or ends_at > ?)`;
  const find = connection.prepare(
    queries.selectFrom('hookwell_keys').selectAll().where('app_id', '=', boundUnseen<string>()).where(isLive).orderBy('id'),
  );
  const list = connection.prepare(
    queries
      .selectFrom('hookwell_keys')
      .selectAll()
      .where('account_id', '=', boundUnseen<string>())
      .where(isLive)
      .orderBy('id', 'desc'),
  );
  const end = connection.prepare(
    queries
      .updateTable('hookwell_keys')
      .set({ ends_at: sql<number>`min(coalesce(ends_at, 9e15), ?)` })
      .where('account_id', '=', bound<string>())
      .where('id', '=', bound<string>()),
  );
  const forget = connection.prepare(
    queries.deleteFrom('hookwell_keys').where('account_id', '=', bound<string>()).where('ends_at', '<=', bound<number>()),
  );
  const touch = connection.prepare(
    queries
      .updateTable('hookwell_keys')
      .set({ last_used_at: sql<number>`max(coalesce(last_used_at, 0), ?)` })
      .where('id', '=', bound<string>()),
  );

  return {
    create(keys: readonly NewKey[], now: number): void {
      for (const { id, accountId, appId, digest, last4, name, owner, permissions } of keys) {
        insert.run(id, accountId, appId, digest, last4, name, owner, JSON.stringify(permissions), now);
      }
    },

    find: (appIds: readonly string[], now: number): readonly StoredKey[] =>
      [...new Set(appIds)].flatMap((appId) => find.all(appId, now).map(readKey)),

    list: (accountId: string, now: number): readonly StoredKey[] => list.all(accountId, now).map(readKey),

    end(accountId: string, ids: readonly string[], endsAt: number, now: number): void {
      for (const id of ids) end.run(endsAt, accountId, id);
      forget.run(accountId, now);
    },

    touch(uses: readonly KeyUse[]): void {
      for (const { id, usedAt } of uses) touch.run(usedAt, id);
    },
  };
}
