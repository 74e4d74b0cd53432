import { resolveOptions } from '@hookwell/core';
import { PostgresRateLimitsSqlOptionsSchema, type PostgresRateLimitsSqlOptionsInput } from './options.ts';

/** The statements that work on one schema. */
export interface Statements {
  readonly createSchema: string;
  readonly createTable: string;
  /** Takes a key, a limit and a window in milliseconds; answers a `Budget` as JSON. */
  readonly take: string;
  /** Takes a key. */
  readonly giveBack: string;
  readonly forgetIdle: string;
}

/**
 * The SQL that makes the schema and the table, for teams that run migrations themselves: run it once, and set the option
 * `migrate` to false. The role that counts needs usage of the schema, and select, insert, update and delete on the table.
 *
 * @throws {HookwellError} `invalid_option`
 */
export function postgresRateLimitsSql(options: PostgresRateLimitsSqlOptionsInput = {}): string {
  const { schema } = resolveOptions(PostgresRateLimitsSqlOptionsSchema, options, 'postgresRateLimitsSql');
  const { createSchema, createTable } = statementsIn(schema);
  return `${createSchema};\n${createTable};\n`;
}

/**
 * A row per key holds the instants of its counted requests, the oldest first, so that the row's own lock makes each `take`
 * one whole: who waits for it sees what the others have counted, and takes the time after that. What it answers is in the
 * row too, because `returning` sees nothing else of the row that was.
 *
 * Instants that lie ahead by more than a window are what a clock that was set back has left, and are dropped.
 */
export function statementsIn(schema: string): Statements {
  const table = `"${schema}".rate_limits`;
  return {
    createSchema: `create schema if not exists "${schema}"`,
    // Unlogged: what is counted lasts for a window, and is not worth a write-ahead log. Half of each page is left free for
    // the next versions of its rows.
    createTable: `create unlogged table if not exists ${table} (
  key text primary key,
  instants bigint[] not null,
  counted boolean not null,
  last_at bigint not null,
  forget_at bigint not null
) with (fillfactor = 50)`,
    take: `
      insert into ${table} as held (key, instants, counted, last_at, forget_at)
      select $1::text, array[now], true, now, now + $3::bigint from (select ${nowMs} as now) as clock
      on conflict (key) do update set (instants, counted, last_at, forget_at) = (
        select case when room then inside || now else inside end, room, now, now + $3::bigint
        from (
          select now, inside, cardinality(inside) < $2::bigint as room
          from (select ${nowMs} as now) as clock, lateral (
            select array(
              select instant from unnest(held.instants) as instant
              where instant > now - $3::bigint and instant < now + $3::bigint order by instant
            ) as inside
          ) as trimmed
        ) as looked
      )
      returning json_build_object(
        'counted', counted,
        'remaining', greatest($2::bigint - cardinality(instants), 0),
        'resetMs', instants[greatest(cardinality(instants) - $2::bigint + 1, 1)] + $3::bigint - last_at
      )::text as budget`,
    giveBack: `
      update ${table} set instants = instants[:cardinality(instants) - 1]
      where key = $1::text and cardinality(instants) > 0`,
    // Who counts just now holds a lock on its row and is passed over, so that nobody waits for another here.
    forgetIdle: `
      delete from ${table} where key in (select key from ${table} where forget_at <= ${nowMs} for update skip locked)`,
  };
}

const nowMs = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';
