// A process of its own that works on a file: `node sqlite-process.ts start|store|claim FILE`.

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { HookwellError } from '@hookwell/core';
import { sqliteStorage } from '../src/sqlite/index.ts';
import { batchFor, claimRequest } from './storage-fixture.ts';

const [task = '', filename = ''] = process.argv.slice(2);
const storage = sqliteStorage({ filename });

/** What the engine does with a storage that is busy. */
async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!HookwellError.is(error, 'storage_busy')) throw error;
      await wait(1);
    }
  }
}

await patiently(async () => storage.start({ now: Date.now }));
if (task === 'store') {
  for (let round = 0; ; round += 1) {
    const batch = batchFor(`${process.pid}-${round}`, [1, 1, 1]);
    await patiently(async () => storage.storeEvents(batch));
    writeSync(1, `${batch.events.map(({ id }) => id).join('\n')}\n`);
  }
}
if (task === 'claim') {
  writeSync(1, 'ready\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  for (let cursor = 0, claimed = -1; claimed !== 0;) {
    const request = claimRequest({ fence: `fence of ${process.pid}`, limit: 7, after: cursor });
    const result = await patiently(async () => storage.claimDeliveries(request));
    for (const { id } of result.claims) writeSync(1, `${id}\n`);
    claimed = result.claims.length;
    cursor = result.cursor;
  }
}
await storage.stop();
