import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionTransport } from '@hookwell/adapters/function';
import { createEngine, type TransportRequest } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { accountId } from '../examples/crm/src/account.ts';
import { catalog } from '../examples/crm/src/catalog.ts';
import { createCrm, type Crm } from '../examples/crm/src/crm.ts';
import { openDatabase, type CrmDatabase } from '../examples/crm/src/database.ts';
import { testDatabase } from '../packages/adapters/test/postgres-fixture.ts';

/** A database that the CRM can be in, and a way to change it behind its back. */
interface Place {
  readonly name: string;
  readonly run: (sql: string) => Promise<unknown>;
  readonly remove: () => unknown;
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  async SQLite() {
    const folder = mkdtempSync(join(tmpdir(), 'hookwell-crm-'));
    const name = join(folder, 'crm.sqlite');
    return {
      name,
      async run(sql) {
        const connection = new Database(name);
        connection.exec(sql.replaceAll('hookwell.', 'hookwell_'));
        connection.close();
      },
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
  async PostgreSQL() {
    const { url, behind, remove } = await testDatabase();
    return { name: url, run: async (sql) => behind.query(sql), remove };
  },
};

interface Opened {
  readonly crm: Crm;
  readonly database: CrmDatabase;
  readonly run: Place['run'];
  readonly refuse: Set<string>;
  /** Resolves with all that arrived, once so much has, and nothing is left to send. */
  readonly arrived: (least: number) => Promise<readonly TransportRequest[]>;
}

/** Opens the CRM with an engine that sends here, and that refuses events of the topics in `refuse`. */
async function open(t: ExecutionContext, place: string, topics: readonly string[]): Promise<Opened> {
  const { name, run, remove } = await (places[place] as () => Promise<Place>)();
  const database = await openDatabase(name);
  const refuse = new Set<string>();
  const arrivals: TransportRequest[] = [];
  let onArrival = () => {};
  const engine = createEngine({
    storage: database.storage,
    transports: [
      functionTransport({
        send(request) {
          arrivals.push(request);
          onArrival();
        },
      }),
    ],
    catalog,
    plugins: [
      {
        name: 'refuser',
        emit({ topic }) {
          if (refuse.has(topic)) throw new Error(`${topic} is refused`);
        },
      },
    ],
  });
  engine.events.on('error', () => {}); // One of these tests takes a table away.
  await engine.start();
  t.teardown(async () => {
    await engine.stop();
    await database.close();
    await remove();
  });
  for (const topic of topics) await engine.subscriptions.create({ accountId, topic, url: `function:${topic}` });
  return {
    crm: createCrm(database, engine),
    database,
    run,
    refuse,
    async arrived(least) {
      while (arrivals.length < least) await new Promise<void>((resolve) => (onArrival = resolve));
      while ((await engine.deliveries.list(accountId, { limit: 0 })).total > 0) await new Promise(setImmediate);
      return arrivals;
    },
  };
}

for (const place of Object.keys(places)) {
  test(`${place}: an event that is refused takes the whole change back, and what was emitted before it is never sent`, async (t) => {
    const { crm, refuse, arrived } = await open(t, place, ['object_create(0)', 'object_submits_form(1)']);
    refuse.add('object_submits_form(1)');
    await t.throwsAsync(crm.submitForm(1, { firstname: 'Taken back' }), { message: /object_submits_form\(1\) is refused/ });
    await t.throwsAsync(crm.find('contacts', 1), { message: /There is no contact 1/ });

    const { id } = await crm.create('contacts', { firstname: 'Kept' });
    t.is((await crm.find('contacts', id))['firstname'], 'Kept');
    const arrivals = await arrived(1);
    t.is(arrivals.length, 1);
    t.regex(arrivals[0]?.body ?? '', /Kept/);
  });

  test(`${place}: an event that cannot be stored takes the change back, and the caller gets the error`, async (t) => {
    const { crm, database, run } = await open(t, place, ['sub_tag(3)']);
    const { id } = await crm.create('contacts', {});
    await run('drop table hookwell.deliveries');
    await t.throwsAsync(crm.addTag('contacts', id, 3), { code: 'storage_failed' });
    t.false(await database.untag('contacts', id, 3), 'the tag is not there');
  });

  test(`${place}: many changes at once are a transaction each: those that fail leave nothing, the others all arrive`, async (t) => {
    const { crm, refuse, arrived } = await open(t, place, ['sub_tag(1)', 'sub_tag(2)']);
    refuse.add('sub_tag(2)');
    const contacts = await crm.createAll(
      'contacts',
      Array.from({ length: 20 }, () => ({})),
    );
    const tagged = await Promise.allSettled(contacts.map(async ({ id }) => crm.addTag('contacts', id, 1 + (id % 2))));
    t.deepEqual(
      tagged.map(({ status }) => status),
      contacts.map(({ id }) => (id % 2 === 0 ? 'fulfilled' : 'rejected')),
    );
    const arrivals = await arrived(10);
    t.is(arrivals.length, 10);
    t.deepEqual(new Set(arrivals.map(({ topic }) => topic)), new Set(['sub_tag(1)']));
  });

  test(`${place}: what is asked again under its key is done once, and answered alike`, async (t) => {
    const { crm, arrived } = await open(t, place, ['object_create(0)']);
    const ask = async () => crm.createAll('contacts', [{ firstname: 'Once' }], 'a key');
    const atOnce = await Promise.allSettled([ask(), ask(), ask()]);
    const again = await ask();
    t.is(again.length, 1);
    for (const asked of atOnce) if (asked.status === 'fulfilled') t.deepEqual(asked.value, again);
    t.true(atOnce.some(({ status }) => status === 'fulfilled'));
    t.is((await arrived(1)).length, 1);
  });

  test(`${place}: numbers go on behind an id that somebody chose`, async (t) => {
    const { crm } = await open(t, place, []);
    t.is((await crm.create('cars', { id: 1 })).id, 1);
    t.is((await crm.create('cars', {})).id, 2);
    t.is((await crm.create('cars', { id: 40 })).id, 40);
    t.is((await crm.create('cars', { id: 7 })).id, 7);
    t.is((await crm.create('cars', {})).id, 41);
  });
}
