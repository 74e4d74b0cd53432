import type { Names } from './names.ts';

/**
 * A walk over the lanes that have deliveries, in the order of their ids, each with the time at which its earliest one is
 * due: the recursive query of that name, whose columns are `id` and `due_at`. One seek in the index for each lane,
 * whatever its length, and none for lanes that nobody asks it for.
 *
 * @param bounds e.g. `subscription_id > $1`
 */
export function walkLanes(
  names: Names,
  name: string,
  { after, upTo }: { readonly after: string; readonly upTo?: string },
): string {
  const next = (beyond: string): string => `
      select subscription_id as id, due_at from ${names.deliveries}
      where subscription_id > ${beyond}${upTo === undefined ? '' : ` and subscription_id <= ${upTo}`}
      order by subscription_id, due_at limit 1`;
  return `${name} (id, due_at) as (
      (${next(after)})
      union all
      select next.id, next.due_at from ${name} as lane cross join lateral (${next('lane.id')}) as next
    )`;
}
