import { runCommand } from '../command/run-command.ts';
import { benchHost, hostOptions, hostTables } from './bench.ts';

process.exitCode = await runCommand(
  {
    script: 'bench:host',
    what: 'What an engine costs the host that it is embedded in.',
    packages: ['@hookwell/core', '@hookwell/adapters', 'express', 'undici', 'better-sqlite3', 'pg'],
    more: `An Express application answers a route after waiting a millisecond, in the process of the engine. A client in a process of
its own sends requests when they are due, and the time counts from then. In one run nothing is delivered; in the other,
with the same requests at the same times, events come at random and each is delivered to one of 20 endpoints.

The bench ends with 1 when a delivery did not arrive exactly once, or a request to the route was not answered. PostgreSQL
is a server that the bench starts, or the one that HOOKWELL_BENCH_POSTGRES_URL names.`,
    options: hostOptions,
    bench: benchHost,
    tables: hostTables,
  },
  process.argv.slice(2),
);
