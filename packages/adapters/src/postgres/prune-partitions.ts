import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import type { Partition } from './partitions.ts';
import { plannedEachTime } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** From how many bytes on a partition is dropped with what is in it, rather than emptied row by row. */
const wholeFromBytes = 16_777_216;
/** How long writers may have to wait behind the drop of a partition, in milliseconds. */
const lockMs = 100;
/** What makes a drop wait for its next chance: a lock was not given, two waited for each other, or it is dropped already. */
const nextTime = new Set(['55P03', '40P01', '42P01']);

/** Before when something must have happened to be forgotten; in milliseconds since the epoch. */
interface Ages {
  /** Lines of what was delivered. */
  readonly deliveredBefore: number;
  /** All other lines. */
  readonly othersBefore: number;
  /** Events. */
  readonly restBefore: number;
}

/** Makes the part of `prune` that drops partitions: empty ones, and large ones of which nothing needs to be kept. */
export function preparePrunePartitions(names: Names) {
  function mayGo({ table, name, day }: Partition, { deliveredBefore, othersBefore, restBefore }: Ages): string {
    if (table === 'events') {
      return `not exists (select from ${name} where account_id in ${names.sparedAccounts})
        and not exists (select from ${name} where stored_at >= ${restBefore})
        and not exists (select from ${names.attempts} where event_day = ${day})
        and not exists (select from ${names.deliveries} where event_day = ${day})`;
    }
    const kept = (outcome: string, before: number): string =>
      `not exists (select from ${name} where outcome = '${outcome}' and started_at >= ${before})`;
    const others = ['retry', 'failed', 'cancelled'].map((outcome) => kept(outcome, othersBefore));
    const spared = `not exists (select from ${name} where account_id in ${names.sparedAccounts})`;
    return [kept('delivered', deliveredBefore), ...others, spared].join(' and ');
  }

  /** How many rows there are in a partition that may go; null for one that may not, or that is better emptied first. */
  function rowsThatMayGo(partition: Partition, ages: Ages): string {
    const { name } = partition;
    return `case when not exists (select from ${name}) then 0
      when pg_relation_size('${name}') >= ${wholeFromBytes} and ${mayGo(partition, ages)} then (select count(*) from ${name})
    end`;
  }

  async function drop(connection: Connection, partition: Partition, ages: Ages): Promise<number> {
    const { table, name, day } = partition;
    return connection.transact(async ({ run, command }) => {
      // Readers and writers go on; a replay, which would need an event of this day, waits, or came before.
      await command(`lock table ${name} in exclusive mode`);
      const rows = await run(plannedEachTime<number | null>(`select to_json(${rowsThatMayGo(partition, ages)})::text`), []);
      if (rows === null) return 0;
      if (table === 'events') await command(`delete from ${names.eventKeys} where day = ${day}`);
      await command(`drop table ${name}`);
      return rows;
    }, `set local lock_timeout = ${lockMs}`);
  }

  /** Drops those of past days that may go, each in a transaction of its own; answers how many rows went with them. */
  return async (
    connection: Connection,
    past: readonly Partition[],
    ages: Ages,
  ): Promise<{ readonly attempts: number; readonly events: number }> => {
    const dropped = { attempts: 0, events: 0 };
    // Events may go once the lines that need them have gone.
    for (const table of ['attempts', 'events'] as const) {
      const partitions = past.filter((partition) => partition.table === table);
      if (partitions.length === 0) continue;
      const rows = partitions.map((partition) => rowsThatMayGo(partition, ages));
      const look = plannedEachTime<readonly (number | null)[]>(`select json_build_array(${rows.join(', ')})::text`);
      for (const [index, found] of (await connection.run(look, [])).entries()) {
        if (found === null) continue;
        try {
          dropped[table] += await drop(connection, partitions[index] as Partition, ages);
        } catch (error) {
          if (!(error instanceof Error) || !nextTime.has(codeOf(error.cause))) throw error;
        }
      }
    }
    return dropped;
  };
}
