import type { Connection, Transaction } from './connection.ts';
import type { Names } from './names.ts';
import type { Partition, preparePartitions } from './partitions.ts';
import { plannedEachTime } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** From how many bytes on a partition is dropped with what is in it, rather than emptied row by row. */
const wholeFromBytes = 16_777_216;
/** How long writers may have to wait behind the drop of a partition, in milliseconds. */
const lockMs = 100;

/** Before when something must have happened to be forgotten; in milliseconds since the epoch. */
export interface Ages {
  /** Lines of what was delivered. */
  readonly deliveredBefore: number;
  /** All other lines. */
  readonly othersBefore: number;
  /** Events, and subscriptions that ended. */
  readonly restBefore: number;
}

/** Makes the part of `prune` that drops partitions of which nothing needs to be kept. */
export function preparePrunePartitions(names: Names, partitions: ReturnType<typeof preparePartitions>) {
  /** How many rows there are in a partition that may go; null for one that may not, or that is better emptied first. */
  const rowsThatMayGo = (mayGo: string, name: string) =>
    plannedEachTime<number | null>(`
      select coalesce((
        select case when not exists (select from ${name}) then to_json(0)
          when pg_relation_size('${name}') >= ${wholeFromBytes} and ${mayGo} then (select to_json(count(*)) from ${name})
        end
      ), 'null')::text`);

  const attemptsMayGo = (name: string, { deliveredBefore, othersBefore }: Ages): string => `
    not exists (select from ${name} where outcome = 'delivered' and started_at >= ${deliveredBefore})
    and not exists (select from ${name} where outcome = 'retry' and started_at >= ${othersBefore})
    and not exists (select from ${name} where outcome = 'failed' and started_at >= ${othersBefore})
    and not exists (select from ${name} where outcome = 'cancelled' and started_at >= ${othersBefore})`;
  const eventsMayGo = (name: string, day: number, { restBefore }: Ages): string => `
    not exists (select from ${name} where stored_at >= ${restBefore})
    and not exists (select from ${names.attempts} where event_day = ${day})
    and not exists (select from ${names.deliveries} where event_day = ${day})`;

  async function drop({ table, name, day }: Partition, ages: Ages, { run, command }: Transaction): Promise<number | null> {
    // Readers and writers go on meanwhile; a replay, which would need an event of this day, waits or came before.
    await command(`lock table ${name} in exclusive mode`);
    const rows = await run(
      rowsThatMayGo(table === 'events' ? eventsMayGo(name, day, ages) : attemptsMayGo(name, ages), name),
      [],
    );
    if (rows === null) return null;
    if (table === 'events') await command(`delete from ${names.eventKeys} where day = ${day}`);
    await command(`drop table ${name}`);
    return rows;
  }

  /** Drops what may go, one partition per transaction; answers how many rows went with them. */
  return async (connection: Connection, ages: Ages): Promise<{ readonly attempts: number; readonly events: number }> => {
    const dropped = { attempts: 0, events: 0 };
    for (const partition of await partitions.past(connection)) {
      const { table, name, day } = partition;
      const mayGo = table === 'events' ? eventsMayGo(name, day, ages) : attemptsMayGo(name, ages);
      try {
        if ((await connection.run(rowsThatMayGo(mayGo, name), [])) === null) continue;
        const rows = await connection.transact(
          async (transaction) => drop(partition, ages, transaction),
          `set local lock_timeout = ${lockMs}`,
        );
        dropped[table] += rows ?? 0;
      } catch (error) {
        // Somebody is at work in it, or has dropped it: next time.
        if (!(error instanceof Error) || !['55P03', '40P01', '42P01'].includes(codeOf(error.cause))) throw error;
      }
    }
    return dropped;
  };
}
