import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { Ledger } from './crash-ledger.ts';
import { keys, listen, serveProgram, subscribe } from '../demo-program.ts';

const paths = ['/a', '/b', '/c', '/d'];
const contacts = 500;
const total = contacts * paths.length;
const callers = 50;
const leaseMs = 2_000;
/** How long the receiver thinks before it answers, so that there is always something in flight. */
const thinkMs = 60;
/** What a busy machine may add between a request's arrival and the record of its answer. */
const slackMs = 500;
/** The engine's limit of requests in flight, and one more group whose answers were not recorded yet. */
const mostInFlight = 200;

for (const killAt of [250, 1_000]) {
  test.serial(
    `kill -9 at payload ${killAt} of 2,000, and a restart: nothing is lost, only what was in flight comes twice`,
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'hookwell-crash-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      await crash(t, join(folder, 'crm.sqlite'), killAt);
    },
  );
}

async function crash(t: ExecutionContext, database: string, killAt: number): Promise<void> {
  const ledger = new Ledger();
  let unanswered = 0;
  const receiver = await listen((request, body, answer) => {
    unanswered += 1;
    ledger.enter(request, body);
    void setTimeout(thinkMs).then(() => {
      unanswered -= 1;
      answer();
    });
  });
  t.teardown(receiver.close);
  const args = ['--database', database, '--lease-ms', String(leaseMs)];

  const first = await serveProgram(args, keys);
  t.teardown(() => first.child.kill('SIGKILL'));
  for (const path of paths)
    await subscribe(first.url, { url: receiver.url + path, event: 'object_create(0)', data: '{"format":"notify"}' });
  const acknowledged = new Set<number>();
  const creating = createContacts(first.url, contacts, acknowledged);

  await ledger.until(() => ledger.arrivals.length >= killAt);
  const killedAt = Date.now();
  first.child.kill('SIGKILL');
  const inFlight = unanswered;
  t.deepEqual(await first.ended, [null, 'SIGKILL']);
  await creating;
  const left = pending(acknowledged, ledger);
  t.log(
    `at the kill: ${acknowledged.size} contacts acknowledged, ${ledger.arrivals.length} payloads received, ` +
      `${inFlight} of them unanswered, ${left.length} more still due`,
  );
  t.true(inFlight > 0, 'the kill came in the middle');

  const second = await serveProgram(args, keys);
  t.teardown(() => second.child.kill('SIGKILL'));
  await createContacts(second.url, contacts - acknowledged.size, acknowledged);
  t.is(acknowledged.size, contacts);
  await t.notThrowsAsync(
    ledger.until(() => pending(acknowledged, ledger).length === 0),
    'what the CRM answered for all arrives',
  );
  while (unfinished(database) > 0) await setTimeout(25);
  second.child.kill('SIGTERM');
  t.deepEqual(await second.ended, [0, null]);
  t.is(second.stderr(), '');

  t.true(ledger.deliveries >= total);
  const stored = storedContacts(database);
  const strangers = ledger.arrivals.filter(({ about }) => !stored.has(Number(about.split(' ')[1])));
  t.deepEqual(strangers, [], 'nothing arrived that is not in the CRM');
  t.deepEqual(ledger.phantoms(), [], 'no event became two deliveries of one subscription');

  const duplicates = ledger.duplicates();
  t.log(`${ledger.deliveries} deliveries, ${duplicates.length} of them twice`);
  t.true(duplicates.length > 0, 'what had no answer came again');
  t.true(duplicates.length <= mostInFlight, `${duplicates.length} duplicates`);
  t.is(new Set(duplicates.map(({ first: { deliveryId } }) => deliveryId)).size, duplicates.length, 'twice, not more often');
  for (const { first: one, again } of duplicates) {
    t.true(one.receivedAt >= killedAt - thinkMs - slackMs, `first arrived ${killedAt - one.receivedAt} ms before the kill`);
    t.true(again.receivedAt > killedAt, 'sent again only after the restart');
    t.is(again.body, one.body);
  }
}

/** Creates contacts over the CRM's own route until so many are acknowledged, or the CRM is gone. */
async function createContacts(url: string, count: number, acknowledged: Set<number>): Promise<void> {
  let begun = 0;
  const call = async () => {
    while (begun < count) {
      begun += 1;
      try {
        const response = await fetch(`${url}/contacts`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ firstname: `Contact ${begun}` }),
        });
        const { id } = (await response.json()) as { readonly id: number };
        if (response.status === 201) acknowledged.add(id);
      } catch {
        return; // Killed before it answered: nothing was promised.
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
}

/** What the CRM has answered for and the receiver has not had. */
function pending(acknowledged: ReadonlySet<number>, ledger: Ledger): readonly string[] {
  return [...acknowledged].flatMap((id) => paths.map((path) => `${path} ${id}`)).filter((about) => !ledger.has(about));
}

/** Looks into the file as another process would: how many deliveries are not finished. */
function unfinished(filename: string): number {
  const connection = new Database(filename, { readonly: true });
  const count = connection.prepare<[], number>('select count(*) from hookwell_deliveries').pluck().get();
  connection.close();
  return count ?? 0;
}

function storedContacts(filename: string): ReadonlySet<number> {
  const connection = new Database(filename, { readonly: true });
  const ids = connection.prepare<[], number>('select id from contacts').pluck().all();
  connection.close();
  return new Set(ids);
}
