// Writes enough to a database, whose file is named, for a checkpoint to be made, and ends without stopping the storage.

import { setTimeout } from 'node:timers/promises';
import { sqliteStorage } from '../src/sqlite/index.ts';
import { largeBatch, subscribe } from './storage-fixture.ts';

const storage = sqliteStorage({ filename: process.argv[2] as string });
await storage.start({ now: Date.now });
const { id: lane } = await subscribe(storage);
for (let batch = 0; batch < 100; batch += 1) await storage.storeEvents(largeBatch(`b${batch}`, lane));
await setTimeout(500);
