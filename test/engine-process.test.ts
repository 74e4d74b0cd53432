import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { startByHand, startReceiver, temporaryFile } from './engine-fixture.ts';

const program = fileURLToPath(new URL('engine-process.ts', import.meta.url));
/** Less than the delay of any timer that the engine of the process sets when it is idle, however long the process takes to start. */
const soonMs = 60_000;

/** Where a process keeps things, and what opens it afterwards. */
interface Place {
  readonly place: string;
  readonly open: () => StorageAdapter;
}

/** Makes an empty place for a test. */
const places: Readonly<Record<string, (t: ExecutionContext) => Promise<Place>>> = {
  async sqlite(t) {
    const filename = temporaryFile(t);
    return { place: filename, open: () => sqliteStorage({ filename }) };
  },
  async postgres(t) {
    const database = await testDatabase();
    t.teardown(database.remove);
    return { place: database.url, open: () => postgresStorage({ pool: database.behind }) };
  },
};

/** Runs a process whose engine is never stopped until it ends by itself. */
async function run(t: ExecutionContext, { place }: Place, url: string, events: number) {
  const began = performance.now();
  const child = spawn(process.execPath, ['--conditions=source', program, place, url, String(events)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [said, complained, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, signal: signal as string | null, complained, said, tookMs: performance.now() - began };
}

/** What a process has left in its place. */
async function left(t: ExecutionContext, { open }: Place) {
  const { engine } = await startByHand(t, open());
  const attempts = await engine.deliveries.attempts(7, { limit: 1_000 });
  const unfinished = await engine.deliveries.list(7, { limit: 1_000 });
  return { outcomes: attempts.rows.map(({ outcome }) => outcome), unfinished: unfinished.rows };
}

for (const [name, makePlace] of Object.entries(places)) {
  test.serial(`${name}: an idle engine keeps no process alive, although nobody stops it`, async (t) => {
    const ended = await run(t, await makePlace(t), 'http://127.0.0.1:1/', 0);
    t.deepEqual(
      { code: ended.code, signal: ended.signal, complained: ended.complained },
      { code: 0, signal: null, complained: '' },
    );
    t.true(ended.tookMs < soonMs, `${ended.tookMs} ms`);
  });

  test.serial(`${name}: what is in flight is ended and recorded before the process ends`, async (t) => {
    const receiver = await startReceiver(t);
    const place = await makePlace(t);
    const ended = await run(t, place, receiver.url('/'), 300);
    t.deepEqual({ code: ended.code, complained: ended.complained }, { code: 0, complained: '' });
    t.is(receiver.arrived.length, 300);
    const { outcomes, unfinished } = await left(t, place);
    t.deepEqual(
      outcomes,
      Array.from({ length: 300 }, () => 'delivered'),
    );
    t.deepEqual(unfinished, []);
  });

  test.serial(`${name}: no process waits for an attempt that is due later; it is kept for the next one`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const place = await makePlace(t);
    const ended = await run(t, place, receiver.url('/'), 3);
    t.is(ended.code, 0);
    t.true(ended.tookMs < soonMs, `${ended.tookMs} ms`);
    const { outcomes, unfinished } = await left(t, place);
    t.deepEqual(outcomes, ['retry', 'retry', 'retry']);
    t.true(unfinished.every(({ fence, failures }) => fence === null && failures === 1));
  });

  test.serial(`${name}: an engine listens to no signal and to no event of the process`, async (t) => {
    const { said } = await run(t, await makePlace(t), 'http://127.0.0.1:1/', 1);
    const { before, after } = JSON.parse(said) as Record<'before' | 'after', Record<string, number>>;
    t.deepEqual(after, before);
  });
}
