import { HookwellError } from '@hookwell/core';
import type { Connection, Transaction } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** Days for which there are partitions before they begin: how long nobody needs to look after them. */
const daysAhead = 3;

/** A table that has a partition for each day. */
export type PartitionedTable = 'events' | 'attempts';

/** The partition of a day. */
export interface Partition {
  readonly table: PartitionedTable;
  /** Counted from the epoch, in UTC. */
  readonly day: number;
  /** Its name, with the schema and quoted. */
  readonly name: string;
}

/** What time it is on the database's clock, and what there is. */
interface State {
  readonly now: number;
  readonly partitions: readonly { readonly table: PartitionedTable; readonly name: string }[];
}

/** Makes partitions ahead of time, and knows those that there are. */
export function preparePartitions(names: Names) {
  const look = plannedEachTime<State>(`
    select json_build_object('now', ${names.now}, 'partitions', (
      select coalesce(json_agg(json_build_object('table', parent.relname, 'name', partition.relname)), '[]')
      from pg_inherits join pg_class parent on parent.oid = inhparent join pg_class partition on partition.oid = inhrelid
      where parent.oid in ('${names.events}'::regclass, '${names.attempts}'::regclass) and partition.relkind = 'r'
    ))::text`);
  const lock = plannedEachTime<unknown>(
    `select to_json(pg_advisory_xact_lock(hashtextextended('hookwell partitions ' || $1::text, 0))::text)::text`,
  );

  function missing({ now, partitions }: State): Partition[] {
    const today = Math.floor(now / dayMs);
    const there = new Set(partitions.map(({ name }) => name));
    const wanted: Partition[] = [];
    for (let day = today; day <= today + daysAhead; day += 1) {
      for (const table of ['events', 'attempts'] as const) {
        const name = `${table}_${dateOf(day)}`;
        if (!there.has(name)) wanted.push({ table, day, name: names.of(name) });
      }
    }
    return wanted;
  }

  /** To be attached, a partition takes no lock on its table that a reader or writer would have to wait for. */
  async function make({ table, day, name }: Partition, { command }: Transaction): Promise<void> {
    await command(`create table ${name} (like ${names[table]} including all)`);
    await command(`alter table ${names[table]} attach partition ${name} for values from (${day}) to (${day + 1})`);
  }

  /** The partitions of days that are over, oldest first. */
  function past({ now, partitions }: State): readonly Partition[] {
    const found = partitions.flatMap(({ table, name }) => {
      const day = dayOf(name);
      return day !== null && day < Math.floor(now / dayMs) ? [{ table, day, name: names.of(name) }] : [];
    });
    return found.toSorted((a, b) => a.day - b.day);
  }

  return {
    /**
     * Makes the partitions of today and of the next days that are not there; answers the database's time, and the
     * partitions of days that are over, oldest first.
     */
    async makeAhead(connection: Connection): Promise<{ readonly now: number; readonly past: readonly Partition[] }> {
      const state = await connection.run(look, []);
      if (missing(state).length > 0) {
        await connection.transact(async (transaction) => {
          await transaction.run(lock, [names.schema]);
          for (const partition of missing(await transaction.run(look, []))) await make(partition, transaction);
        });
      }
      return { now: state.now, past: past(state) };
    },
  };
}

/** Whether a row was refused because the partition of its day is not there yet. */
export function lacksPartition(error: unknown): boolean {
  if (!HookwellError.is(error) || codeOf(error.cause) !== '23514') return false;
  return error.cause instanceof Error && !('constraint' in error.cause && error.cause.constraint);
}

/** Rows by the day of their partition. */
export function byDay<Of extends { readonly day: number }>(rows: readonly Of[]): Map<number, Of[]> {
  const days = new Map<number, Of[]>();
  for (const row of rows) {
    const of = days.get(row.day);
    if (of) of.push(row);
    else days.set(row.day, [row]);
  }
  return days;
}

/** What work on a day's partition came to, or what stands for it where that has been dropped meanwhile. */
export async function unlessDropped<Result>(work: Promise<Result>, nothing: Result): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === '42P01') return nothing;
    throw error;
  }
}

export const dayMs = 86_400_000;

/** `20260115` for 15 January 2026. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '');
}

function dayOf(name: string): number | null {
  const date = /_(\d{4})(\d{2})(\d{2})$/.exec(name);
  return date ? Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3])) / dayMs : null;
}
