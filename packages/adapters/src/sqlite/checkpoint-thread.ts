// A thread that moves what is in the write-ahead log of a database into its file, on a connection of its own: asked by a
// message, it answers with one when it has. See checkpoints.ts for why.

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { CheckpointThreadData, Moved } from './checkpoints.ts';

const { file } = workerData as CheckpointThreadData;
const database = new Database(file, { fileMustExist: true });
database.pragma('synchronous = normal');

parentPort?.on('message', (order: 'checkpoint' | 'close') => {
  if (order === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  const [moved] = database.pragma('wal_checkpoint(passive)') as readonly Moved[];
  parentPort?.postMessage(moved);
});
