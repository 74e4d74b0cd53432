import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Pool } from 'pg';
import { recordKey } from './evidence.ts';

/** Looks into the database of a place from outside, as nobody's client. */
export interface Witness {
  /** Which of these deliveries are there, in the queue or in the log. */
  readonly stored: (deliveries: readonly string[]) => Promise<readonly string[]>;
  /** The records of the host, as `recordKey` names them. */
  readonly committed: () => Promise<readonly string[]>;
  /** Deliveries that the log ends more than once. */
  readonly endedTwice: () => Promise<readonly string[]>;
  /** What is in the queue, and whether it is leased. */
  readonly unfinished: () => Promise<readonly string[]>;
  /** Whether somebody holds the lock that every writer needs. */
  readonly isLocked: () => boolean;
  readonly close: () => Promise<void>;
}

/** A witness of a schema. */
export function postgresWitness(place: string, url: string, schema: string): Witness {
  const pool = new Pool({ connectionString: url, max: 2, application_name: 'witness' });
  pool.on('error', () => undefined);
  /** Asked again when the server was down, or has been since it was last asked. */
  const column = async (text: string, values: readonly unknown[] = []): Promise<string[]> => {
    for (let tries = 0; ; tries += 1) {
      try {
        const { rows } = await pool.query<string[]>({ text, values: [...values], rowMode: 'array' });
        return rows.map(([value]) => String(value));
      } catch (error) {
        if (tries === 20) throw error;
        await pause(100);
      }
    }
  };
  return {
    stored: async (deliveries) =>
      column(
        `select id from "${schema}".deliveries where id = any ($1::text[])
         union select delivery_id from "${schema}".attempts where delivery_id = any ($1::text[])`,
        [deliveries],
      ),
    committed: async () => (await column(`select id from "host_${schema}".records`)).map((id) => recordKey(place, Number(id))),
    endedTwice: async () =>
      column(`select delivery_id from "${schema}".attempts where outcome <> 'retry' group by delivery_id having count(*) > 1`),
    unfinished: async () =>
      column(
        `select id || ' (' || case when fence is null then 'waits' else 'leased' end || ', attempts ' || attempts
           || ', abandonments ' || abandonments || ', due in ' || due_at - "${schema}".now_ms() || ' ms)'
         from "${schema}".deliveries`,
      ),
    isLocked: () => false,
    close: async () => pool.end(),
  };
}

/** A witness of a file. */
export function sqliteWitness(place: string, file: string): Witness {
  const database = new Database(file, { timeout: 2_000 });
  const column = (text: string, ...values: readonly unknown[]): string[] =>
    database
      .prepare<unknown[], string>(text)
      .pluck()
      .all(...values)
      .map(String);
  return {
    async stored(deliveries) {
      const ids = JSON.stringify(deliveries);
      return column(
        `select id from hookwell_deliveries where id in (select value from json_each(?))
         union select delivery_id from hookwell_attempts where delivery_id in (select value from json_each(?))`,
        ids,
        ids,
      );
    },
    committed: async () => column('select id from records').map((id) => recordKey(place, Number(id))),
    endedTwice: async () =>
      column(`select delivery_id from hookwell_attempts where outcome <> 'retry' group by delivery_id having count(*) > 1`),
    unfinished: async () =>
      column(
        `select id || ' (' || case when fence is null then 'waits' else 'leased' end || ', attempts ' || attempts
           || ', abandonments ' || abandonments || ')' from hookwell_deliveries`,
      ),
    isLocked() {
      database.pragma('busy_timeout = 0');
      try {
        database.exec('begin immediate; rollback');
        return false;
      } catch {
        return true;
      } finally {
        database.pragma('busy_timeout = 2000');
      }
    },
    async close() {
      database.close();
    },
  };
}
