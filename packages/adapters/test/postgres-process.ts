// A process of its own that works on a schema: `node postgres-process.ts start|store|claim URL SCHEMA`.

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Pool } from 'pg';
import { postgresStorage } from '../src/postgres/index.ts';
import { batchFor, claimRequest } from './storage-fixture.ts';

const [task = '', connectionString = '', schema = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString, application_name: `process ${process.pid}` });
const storage = postgresStorage({ pool, schema });

await storage.start({ now: Date.now });
writeSync(1, 'started\n');
if (task === 'store') {
  for (let round = 0; ; round += 1) {
    const batch = batchFor(`${process.pid}-${round}`, [1, 1, 1]);
    await storage.storeEvents(batch);
    writeSync(1, `${batch.events.map(({ id }) => id).join('\n')}\n`);
  }
}
if (task === 'claim') {
  await once(process.stdin, 'data');
  process.stdin.destroy();
  for (let cursor = 0, claimed = -1; claimed !== 0;) {
    const request = claimRequest({ fence: `fence of ${process.pid}`, limit: 7, after: cursor });
    const result = await storage.claimDeliveries(request);
    for (const { id } of result.claims) writeSync(1, `${id}\n`);
    claimed = result.claims.length;
    cursor = result.cursor;
  }
}
await storage.stop();
await pool.end();
