import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { monotonicMs } from './evidence.ts';

/** Feels whether a server still commits, until it is stopped. */
export interface Pulse {
  readonly stop: () => Promise<void>;
}

const everyMs = 200;
/** A commit of one row that takes longer is told. */
const longMs = 700;

/**
 * Commits a row of its own every so often, which waits for nothing but the disk: what takes long with that, on a machine
 * that has other things to do, is no fault of those who use the server, and explains what any other fault of it would.
 */
export async function feelPulse(url: string, onStall: (from: number, to: number) => void): Promise<Pulse> {
  const pool = new Pool({ connectionString: url, max: 1, application_name: 'witness' });
  pool.on('error', () => undefined);
  await pool.query('create table pulse (at double precision)');
  let stopped = false;
  const feeling = (async () => {
    while (!stopped) {
      const from = monotonicMs();
      await pool.query('insert into pulse values ($1)', [from]).catch(() => undefined);
      const to = monotonicMs();
      if (to - from > longMs) onStall(from, to);
      await pause(everyMs);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await feeling;
      await pool.end();
    },
  };
}
