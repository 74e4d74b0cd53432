import { runCommand } from '../command/run-command.ts';
import { benchRetention, retentionOptions, retentionTables } from './bench.ts';

process.exitCode = await runCommand(
  {
    script: 'bench:retention',
    what: 'What it costs live traffic that a history is forgotten beside it.',
    packages: ['@hookwell/core', '@hookwell/adapters', 'undici', 'better-sqlite3', 'pg'],
    more: `A history of nine days is there before: 1,000 accounts, an event of 1 KB for each two lines of the log, one line in 50 of a
failure. In windows that take turns, the same traffic is sent while all of it is kept, and while as much of it is forgotten as the
engine does in the first five minutes of it: ages by default, looked at every second, with far more to go than a window has time for.

Latency is from when an event was due to its receipt. What is waited for is looked at beside it: on PostgreSQL by one that takes
the locks of a writer every few milliseconds, on SQLite by the delays of the event loop, on which its transactions run. The bench
ends with 1 when a live delivery did not arrive exactly once. PostgreSQL is a server that the bench starts, or the one that
HOOKWELL_BENCH_POSTGRES_URL names.`,
    options: retentionOptions,
    bench: benchRetention,
    tables: retentionTables,
  },
  process.argv.slice(2),
);
