// A process of its own that takes replays further and emits live events: `node replay-process.ts PLACE LIVE_PER_SECOND`. The
// place is an SQLite file, or the URL of a PostgreSQL database. It runs until it is killed.

import { httpTransport } from '@hookwell/adapters/http';
import { createEngine } from '@hookwell/core';
import { catalog, mary } from '../engine-fixture.ts';
import { openStorage, replayOptions } from './replay-storage.ts';

const [place = '', livePerSecond = '0'] = process.argv.slice(2);
const engine = createEngine({
  storage: openStorage(place),
  transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 1_000 })],
  catalog,
  ...replayOptions,
});
engine.events.on('error', (error) => process.stderr.write(`${String(error)}\n`));
await engine.start();
setInterval(
  () => {
    const record = { ...mary, firstname: `at ${Date.now()}` };
    void engine.emit('sub_tag(4)', { accountId: 'live', objectType: 0, record }).catch(() => undefined);
  },
  1_000 / Number(livePerSecond),
);
