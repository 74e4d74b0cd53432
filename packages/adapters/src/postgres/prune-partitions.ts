import type { Ages } from '../sql/ages.ts';
import { toArray } from './arrays.ts';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import type { Partition, PartitionedTable } from './partitions.ts';
import { plannedEachTime } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** From how many bytes on a partition is dropped with what is in it, rather than emptied row by row. */
const wholeFromBytes = 16_777_216;
/**
 * How long a drop waits for its lock, and all that comes after it behind it, in milliseconds; and how long no other one is
 * tried where it was not given: while a transaction of the host's holds the table, live traffic must not wait again and again.
 */
const lockMs = 50;
const tryAgainMs = 60_000;
/** Idempotency keys freed in one transaction. */
const keysAtOnce = 10_000;
/** What makes a drop wait for its next chance: a lock was not given, two waited for each other, or it is dropped already. */
const nextTime = new Set(['55P03', '40P01', '42P01']);

/**
 * Makes the part of `prune` that drops partitions: empty ones, and large ones of which nothing needs to be kept.
 *
 * A partition is dropped, and not detached concurrently. That would wait for every transaction that has used the table, on a
 * connection of its own, and could not see in the same transaction that no replay needs an event of that day.
 */
export function preparePrunePartitions(names: Names) {
  let triesFrom = Number.NEGATIVE_INFINITY;

  /** What must not be there in a partition that may go: what takes the longest to look for at last. */
  function kept({ table, name, day }: Partition, { others, apart }: Ages): readonly string[] {
    // An account with ages of its own may keep what others do not: a day that has a row of one is emptied row by row.
    const ofAccounts = [
      `${name} where account_id in ${names.sparedAccounts}`,
      ...(apart.length > 0 ? [`${name} where account_id = any ($1::text::text[])`] : []),
    ];
    if (table === 'events') {
      return [
        `${name} where stored_at >= ${others.restBefore}`,
        `${names.attempts} where event_day = ${day}`,
        `${names.deliveries} where event_day = ${day}`,
        ...ofAccounts,
      ];
    }
    const young = (outcome: string, before: number): string => `${name} where outcome = '${outcome}' and started_at >= ${before}`;
    const rest = ['retry', 'failed', 'cancelled'].map((outcome) => young(outcome, others.othersBefore));
    return [young('delivered', others.deliveredBefore), ...rest, ...ofAccounts];
  }

  /** Whether a partition may go; one that may is empty, or too large to be emptied row by row. */
  function goes(partition: Partition, ages: Ages): string {
    const { name } = partition;
    const needed = kept(partition, ages).map((rows) => `when exists (select from ${rows}) then false`);
    return `case when not exists (select from ${name}) then true
      when pg_relation_size('${name}') < ${wholeFromBytes} then false ${needed.join(' ')} else true end`;
  }

  /** How many rows there are, as the server has counted them last; counted now where it has not. */
  function rowsOf(name: string): string {
    return `case when reltuples > 0 then reltuples::bigint else (select count(*) from ${name}) end`;
  }

  /** Frees the keys of the events of a day that may go, some at a time: nobody has to wait for one of them. */
  async function freeKeys(connection: Connection, day: number): Promise<void> {
    const free = plannedEachTime<number>(`
      with freed as (
        delete from ${names.eventKeys} where (account_id, idempotency_key) in (
          select account_id, idempotency_key from ${names.eventKeys} where day = ${day} limit ${keysAtOnce} for update skip locked
        ) returning 1
      )
      select to_json(count(*))::text from freed`);
    while ((await connection.run(free, [])) === keysAtOnce);
  }

  async function drop(connection: Connection, partition: Partition, ages: Ages, apart: readonly string[]): Promise<number> {
    const { name, table, day } = partition;
    // Before there is a lock, because nobody is to wait for that; nothing is added to a day that is over.
    const count = `select to_json(${rowsOf(name)})::text from pg_class where oid = '${name}'::regclass`;
    const rows = await connection.run(plannedEachTime<number>(count), []);
    if (table === 'events') await freeKeys(connection, day);
    const isDropped = await connection.transact(async ({ run, command }) => {
      // Readers and writers go on; a replay, which would need an event of this day, waits, or came before.
      await command(`lock table ${name} in exclusive mode`);
      if (!(await run(plannedEachTime<boolean>(`select to_json(${goes(partition, ages)})::text`), apart))) return false;
      await command(`drop table ${name}`);
      return true;
    }, `set local lock_timeout = ${lockMs}`);
    return isDropped ? rows : 0;
  }

  /**
   * Drops those of past days that may go, each in a transaction of its own; answers how many rows went with them, and null when
   * it has not looked, because a lock was not given a moment ago.
   */
  return async (
    connection: Connection,
    past: readonly Partition[],
    ages: Ages,
    now: number,
  ): Promise<{ readonly attempts: number; readonly events: number } | null> => {
    const dropped = { attempts: 0, events: 0 };
    if (past.length === 0) return dropped;
    if (now < triesFrom) return null;
    const apart = ages.apart.length === 0 ? [] : [toArray(ages.apart.map(({ accountId }) => accountId))];
    const look = async (partitions: readonly Partition[]): Promise<readonly Partition[]> => {
      const going = partitions.map((partition) => goes(partition, ages));
      const may = await connection.run(
        plannedEachTime<readonly boolean[]>(`select json_build_array(${going.join(', ')})::text`),
        apart,
      );
      return partitions.filter((_, index) => may[index]);
    };
    const isOf = (wanted: PartitionedTable) => (partition: Partition) => partition.table === wanted;
    try {
      const found = await look(past);
      for (const partition of found.filter(isOf('attempts'))) dropped.attempts += await drop(connection, partition, ages, apart);
      // More events may go once the lines that need them have gone.
      const events = dropped.attempts > 0 ? await look(past.filter(isOf('events'))) : found.filter(isOf('events'));
      for (const partition of events) dropped.events += await drop(connection, partition, ages, apart);
    } catch (error) {
      if (!(error instanceof Error) || !nextTime.has(codeOf(error.cause))) throw error;
      triesFrom = now + tryAgainMs;
    }
    return dropped;
  };
}
