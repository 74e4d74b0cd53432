import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { generateContacts } from '../examples/crm/src/generate-contacts.ts';
import type { Summary } from '../examples/crm/src/table.ts';
import { runProgram, startProgram, type Run } from './demo-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookwell-demo-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Real contacts, if somebody names a file of them, in the shape of the common export; made-up ones otherwise. */
const contactsFile = process.env['HOOKWELL_CONTACTS_CSV'] ?? writeContacts(500);

test.serial(
  '--once --json on 500 contacts of a file: every payload arrives exactly once, and only figures are printed',
  async (t) => {
    const run = await runProgram(['--once', '--json', '--contacts', contactsFile]);
    const summary = checkExact(t, run);
    t.is(summary.contacts, 500);
    // 500 created for three subscriptions, 250 + 32 cars tagged for two, 125 untagged and 100 forms for one, 63 cars for three.
    t.is(summary.matched, 500 * 3 + (250 + 32) * 2 + 125 + 100 + 63 * 3);
    t.is(summary.emitted, 500 + 250 + 167 + 125 + 100 + 63 + 32);
  },
);

test.serial('--once alone makes contacts up and shows the figures as a table', async (t) => {
  const run = await runProgram(['--once', '--count', '40', '--seed', '5']);
  t.is(run.code, 0, run.stderr);
  for (const row of ['emitted', 'matched', 'delivered', 'retried', 'failed', 'deliveries/s', 'receipt p50', 'receipt p99']) {
    t.regex(run.stdout, new RegExp(`${row}.*\\d`));
  }
  t.regex(run.stderr, /^contacts imported: 40 of 40$/m, 'plain lines where there is no terminal');
  t.regex(run.stderr, /exactly once with exactly the right fields/);
});

test.serial('a database file keeps the run, and a second demo on it is refused', async (t) => {
  const database = join(folder, 'kept.sqlite');
  checkExact(t, await runProgram(['--once', '--json', '--count', '10', '--database', database]));
  const connection = new Database(database, { readonly: true });
  t.is(connection.prepare('select count(*) from contacts').pluck().get(), 10);
  connection.close();
  const second = await runProgram(['--once', '--count', '10', '--database', database]);
  checkRefused(t, second, /kept\.sqlite has subscriptions of an earlier run/);
});

test.serial('without --once it stays up, and what it says to try next works as it is printed', async (t) => {
  if (spawnSync('curl', ['--version']).error) {
    t.pass('curl is not installed here, and the commands to try are for curl');
    t.log('not run: curl is not installed');
    return;
  }
  const child = startProgram(['--count', '10'], { CRM_APP_ID: 'app', CRM_API_KEY: "it's a key".replaceAll(' ', '-') });
  const ended = once(child, 'exit');
  let text = '';
  const said = async (pattern: RegExp) => {
    while (!pattern.test(text)) text += String((await once(child.stderr as NodeJS.ReadableStream, 'data'))[0]);
  };
  await said(/Ctrl-C stops both/);
  const commands = text.match(/^ *curl .*$/gm) ?? [];
  t.is(commands.length, 3);
  const [subscribed, tagged, listed] = commands.map((command) => {
    const { stdout } = spawnSync('sh', ['-c', `${command} -sS`], { encoding: 'utf8' });
    return JSON.parse(stdout) as { readonly code?: number; readonly changed?: boolean; readonly data?: readonly unknown[] };
  });
  t.is(subscribed?.code, 0);
  t.deepEqual(tagged, { changed: true });
  t.is(listed?.data?.length, 11, "the demo's own ten and the new one");
  await said(
    /The receiver got \/mine webhook_id=11&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=5&data%5Bid%5D=1&/,
  );
  child.kill('SIGINT');
  t.deepEqual(await ended, [0, null]);
});

test.serial(
  'a port in use, a missing file, a locked or foreign database end it with code 2 and one line that helps',
  async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    checkRefused(t, await runProgram(['--once', '--port', String(port)]), new RegExp(`Port ${port} is in use`));
    taken.close();

    checkRefused(t, await runProgram(['--once', '--contacts', join(folder, 'none.csv')]), /There is no file .*none\.csv/);
    checkRefused(t, await runProgram(['--serve', '--database', join(folder, 'none', 'a.sqlite')]), /Cannot use the database/);
    checkRefused(t, await runProgram(['--serve', '--database', folder]), /Cannot use the database/);
    checkRefused(t, await runProgram(['--serve', '--database', contactsFile]), /is not an SQLite database/);
    checkRefused(t, await runProgram(['--sevre']), /There is no option --sevre. Did you mean "--serve"\?/);

    const file = join(folder, 'locked.sqlite');
    const holder = new Database(file);
    holder.exec('create table contacts (id integer primary key, something text)');
    checkRefused(t, await runProgram(['--serve', '--database', file]), /has a table "contacts" that is not this CRM's/);
    holder.exec('begin exclusive');
    checkRefused(t, await runProgram(['--serve', '--database', file]), /locked\.sqlite is locked by another program/);
    holder.close();
  },
);

test.serial('--help lists the options and ends with code 0', async (t) => {
  const run = await runProgram(['--help']);
  t.is(run.code, 0);
  t.regex(run.stdout, /--contacts FILE/);
});

function checkExact(t: ExecutionContext, run: Run): Summary {
  t.is(run.code, 0, run.stderr);
  const summary = JSON.parse(run.stdout) as Summary;
  t.deepEqual(summary.problems, []);
  t.true(summary.exact);
  t.is(summary.delivered, summary.matched);
  t.is(summary.failed, 0);
  t.is(summary.retried, Math.floor(summary.matched / 50), 'one in fifty was refused at first');
  t.true(summary.deliveriesPerSecond > 0);
  t.true(summary.latencyMs.p50 >= 0 && summary.latencyMs.p99 >= summary.latencyMs.p50);
  return summary;
}

function checkRefused(t: ExecutionContext, run: Run, message: RegExp): void {
  t.is(run.code, 2, run.stderr);
  t.regex(run.stderr, message);
  t.is(run.stderr.trim().split('\n').length, 1, run.stderr);
  t.is(run.stdout, '');
}

function writeContacts(count: number): string {
  const file = join(folder, 'contacts.csv');
  const columns = [
    'firstname',
    'lastname',
    'company',
    'address',
    'city',
    'county',
    'state',
    'zip',
    'office_phone',
    '',
    'email',
    'website',
  ];
  const rows = generateContacts(count, 3).map((contact) =>
    columns.map((column) => `"${String(contact[column] ?? '').replaceAll('"', '""')}"`).join(','),
  );
  const header = 'first_name,last_name,company_name,address,city,county,state,zip,phone1,phone2,email,web';
  writeFileSync(file, `${[header, ...rows].join('\n')}\n`);
  return file;
}
