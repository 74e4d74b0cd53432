import { runCommand } from '../command/run-command.ts';
import { benchIsolation, isolationOptions } from './bench.ts';
import { isolationTables } from './tables.ts';

process.exitCode = await runCommand(
  {
    script: 'bench:isolation',
    what: 'What sick endpoints cost the healthy ones beside them.',
    packages: ['@hookwell/core', '@hookwell/adapters', 'undici', 'better-sqlite3', 'pg', 'pg-boss', 'bullmq', 'ioredis'],
    more: `sick: 1,000 endpoints of 100 accounts get traffic by Zipf's law at 60 % of what the sender holds. In one run all are
healthy; in the other, with the same events at the same times, 10 % never answer, 5 % answer a byte a second, 5 % reset
the connection and 5 % answer 429 with a Retry-After, drawn so that busy endpoints are among them.
backlog: live traffic for 20 endpoints, without and beside a backlog for one that never answers.
catch-up: the same beside what was held for one that has just been opened again.
replay: the same beside a replay, at its default pace, of events from before the subscription of one that answers.

The bench ends with 1 when a delivery to a healthy endpoint did not arrive exactly once, or one to a sick endpoint is no
longer stored. PostgreSQL is a server that the bench starts, or the one that HOOKWELL_BENCH_POSTGRES_URL names.`,
    options: isolationOptions,
    bench: benchIsolation,
    tables: isolationTables,
  },
  process.argv.slice(2),
);
