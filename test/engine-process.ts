// A process of its own with an engine in it that is never stopped: `node engine-process.ts PLACE URL EVENTS`. The place is
// an SQLite file, or the URL of a PostgreSQL database. What it found when all else was done goes to standard output, as JSON.

import { httpTransport } from '@hookwell/adapters/http';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine } from '@hookwell/core';
import { Pool } from 'pg';
import { catalog, mary } from './engine-fixture.ts';

const [place = '', url = '', events = '0'] = process.argv.slice(2);
const names = ['SIGTERM', 'SIGINT', 'exit', 'beforeExit', 'uncaughtException', 'unhandledRejection', 'warning'];
const listeners = (): Record<string, number> => Object.fromEntries(names.map((name) => [name, process.listenerCount(name)]));
const before = listeners();

const engine = createEngine({
  storage: place.startsWith('postgres')
    ? postgresStorage({ pool: new Pool({ connectionString: place, allowExitOnIdle: true }) })
    : sqliteStorage({ filename: place }),
  transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
  catalog,
  // Every timer that an idle engine sets is a long one, so that a process which waits for it is told from one that does not.
  pollEveryMs: 300_000,
  retry: { scheduleMs: [3_600_000] },
  retention: { everyMs: 3_600_000 },
});
await engine.start();
await engine.subscriptions.create({ accountId: 7, url, topic: 'sub_tag(3)' });
await Promise.all(
  Array.from({ length: Number(events) }, async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary })),
);
process.stdout.write(JSON.stringify({ before, after: listeners() }));
