// A process of its own that takes from a shared budget: `node rate-limit-process.ts URL SCHEMA KEY TIMES LIMIT`. It begins when
// its standard input says so, and prints how many it was let have.

import { once } from 'node:events';
import { postgresRateLimits } from '@hookwell/express-plugin/postgres-rate-limits';
import { Pool } from 'pg';

const [connectionString = '', schema = '', key = '', times = '', limit = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString, max: 8 });
const store = postgresRateLimits({ pool, schema, fallback: false, timeoutMs: 30_000 });

await pool.query('select 1');
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const all = await Promise.all(
  Array.from({ length: Number(times) }, async () => store.take(key, { limit: Number(limit), windowMs: 60_000 })),
);
process.stdout.write(`${all.filter(({ counted }) => counted).length}\n`);
await pool.end();
