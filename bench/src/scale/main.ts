import { runCommand } from '../command/run-command.ts';
import { benchScale, scaleOptions, scaleTables } from './bench.ts';

process.exitCode = await runCommand(
  {
    script: 'bench:scale',
    what: 'How costs grow with subscriptions, with a backlog and with a history.',
    packages: ['@hookwell/core', '@hookwell/adapters', 'undici', 'better-sqlite3', 'pg'],
    more: `subscriptions: 100 callers wait for each emit, each event is for one subscription, and all are alike likely.
backlog: deliveries for 1,000 subscriptions wait, and an engine starts; the first 1,000 that arrive are timed.
history: what "npm run bench -- --history" measures, for several lengths; of SQLite and PostgreSQL only.

The sizes of one kind are compared within rounds, in changing order. The bench ends with 1 when a delivery neither arrived
once nor is stored. PostgreSQL is a server that the bench starts, or the one that HOOKWELL_BENCH_POSTGRES_URL names.`,
    options: scaleOptions,
    bench: benchScale,
    tables: scaleTables,
  },
  process.argv.slice(2),
);
