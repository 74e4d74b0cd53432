import type { KeyUse, NewKey, StoredKey } from '@hookwell/core';
import { readKey } from '../sql/read-rows.ts';
import { toArray } from './arrays.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { kept, plannedEachTime, type Runner } from './statement.ts';

type Row = Parameters<typeof readKey>[0];

/** Makes the calls about keys. */
export function prepareKeys(names: Names) {
  const { keys, now } = names;
  const create = plannedEachTime<number>(`
    with created as (
      insert into ${keys} (id, account_id, app_id, digest, last4, name, owner, permissions, created_at)
      select id, account_id, app_id, digest, last4, name, owner, permissions, ${now}
      from json_to_recordset($1::text::json) as k (
        id text, account_id text, app_id text, digest text, last4 text, name text, owner text, permissions text
      )
      on conflict (id) do nothing returning id
    )
    select to_json(count(*))::text from created`);
  const find = kept<readonly Row[]>(`
    select coalesce(json_agg(k order by k.id), '[]')::text
    from ${keys} as k, (select ${now} as now) as clock
    where k.app_id = any($1::text::text[]) and (k.ends_at is null or k.ends_at > clock.now)`);
  const list = plannedEachTime<readonly Row[]>(`
    select coalesce(json_agg(k order by k.id desc), '[]')::text
    from ${keys} as k, (select ${now} as now) as clock
    where k.account_id = $1::text and (k.ends_at is null or k.ends_at > clock.now)`);
  // What has ended is forgotten on the way; a row that is ended by this very statement, by the next one.
  const end = plannedEachTime<number>(`
    with clock as materialized (select ${now} as now), forgotten as (
      delete from ${keys} using clock where account_id = $1::text and ends_at <= clock.now
    ), ended as (
      update ${keys} set ends_at = least(ends_at, clock.now + $3::bigint)
      from clock where account_id = $1::text and id = any($2::text::text[]) and (ends_at is null or ends_at > clock.now)
      returning id
    )
    select to_json(count(*))::text from ended`);
  const touch = plannedEachTime<number>(`
    with used as (
      select id, max(used_at) as used_at from json_to_recordset($1::text::json) as u (id text, used_at bigint) group by id
    ), touched as (
      update ${keys} as k set last_used_at = greatest(k.last_used_at, used.used_at) from used where k.id = used.id returning k.id
    )
    select to_json(count(*))::text from touched`);

  return {
    async create(runner: Runner, given: readonly NewKey[]): Promise<void> {
      const rows = given.map(({ id, accountId, appId, digest, last4, name, owner, permissions }) => ({
        id,
        account_id: accountId,
        app_id: appId,
        digest,
        last4,
        name,
        owner,
        permissions: toJson(permissions),
      }));
      await runner.run(create, [toJson(rows)]);
    },

    find: async (runner: Runner, appIds: readonly string[]): Promise<readonly StoredKey[]> =>
      (await runner.run(find, [toArray(appIds)])).map(readKey),

    list: async (runner: Runner, accountId: string): Promise<readonly StoredKey[]> =>
      (await runner.run(list, [accountId])).map(readKey),

    async end(runner: Runner, accountId: string, ids: readonly string[], inMs: number): Promise<void> {
      await runner.run(end, [accountId, toArray(ids), inMs]);
    },

    async touch(runner: Runner, uses: readonly KeyUse[]): Promise<void> {
      await runner.run(touch, [toJson(uses.map(({ id, usedAt }) => ({ id, used_at: usedAt })))]);
    },
  };
}
