import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Summary } from '../examples/crm/src/table.ts';
import { testDatabase, type TestDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { keys, listen, runProgram, serveProgram, startProgram, subscribe, type Run } from './demo-program.ts';

let database: TestDatabase;
test.beforeEach(async () => {
  database = await testDatabase();
});
test.afterEach.always(async () => database.remove());

test.serial('the demo on PostgreSQL: every payload exactly once, and a second demo on the database is refused', async (t) => {
  const environment = { DATABASE_URL: database.url };
  const summary = figures(t, await runProgram(['--once', '--json', '--count', '100'], environment));
  t.true(summary.exact);
  t.like(summary, { contacts: 100, delivered: summary.matched, retried: Math.floor(summary.matched / 50), processes: [] });
  const { rows } = await database.behind.query('select count(*)::integer as contacts from crm.contacts');
  t.deepEqual(rows, [{ contacts: 100 }]);
  const second = await runProgram(['--once', '--count', '10', '--database', database.url], environment);
  checkRefused(t, second, /has subscriptions of an earlier run\. .*drop schema crm, hookwell cascade/);
});

test.serial('three processes over one database: every payload exactly once, and each process sent its part', async (t) => {
  const summary = figures(
    t,
    await runProgram(['--once', '--json', '--count', '200', '--processes', '3'], { DATABASE_URL: database.url }),
  );
  t.true(summary.exact);
  t.is(summary.delivered, summary.matched);
  t.is(summary.restarted, 0);
  t.deepEqual(
    summary.processes.map(({ name }) => name),
    ['1', '2', '3'],
  );
  t.is(
    summary.processes.reduce((sum, { delivered }) => sum + delivered, 0),
    summary.delivered,
  );
});

test.serial('a process that is killed in the middle loses nothing, and another one takes its place', async (t) => {
  const args = ['--once', '--json', '--count', '300', '--processes', '3', '--lease-ms', '2000'];
  const child = startProgram(args, { DATABASE_URL: database.url });
  t.teardown(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let [stdout, stderr] = ['', ''];
  let killed = false;
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    const pid = /^Process 2 is (\d+)$/m.exec(stderr)?.[1];
    if (killed || pid === undefined || !/^contacts imported: (?:150|200)/m.test(stderr)) return;
    killed = process.kill(Number(pid), 'SIGKILL');
  });
  const [code] = (await closed) as [number | null];
  const summary = figures(t, { code, stdout, stderr });
  t.regex(stderr, /^Process 2 \(\d+\) ended with SIGKILL; another one takes its place\.$/m);
  t.is(summary.restarted, 1);
  t.is(summary.failed, 0);
  t.is(summary.delivered, summary.matched + summary.repeated);
  t.true(summary.repeated <= 200, 'at most what one process had in flight and was about to record');
  t.log(`${summary.delivered} deliveries, ${summary.repeated} of them again`);
});

test.serial('CRMs that start at once on an empty database all serve, and end gracefully with all their processes', async (t) => {
  const environment = { ...keys, DATABASE_URL: database.url };
  const served = await Promise.all([[], [], ['--processes', '2']].map(async (args) => serveProgram(args, environment)));
  t.teardown(() => served.forEach(({ child }) => child.kill('SIGKILL')));
  const { promise: body, resolve } = Promise.withResolvers<string>();
  const receiver = await listen((_request, text, answer) => {
    answer();
    resolve(text);
  });
  t.teardown(receiver.close);
  const [one, , several] = served;
  await subscribe(one?.url ?? '', { url: receiver.url, event: 'object_create(0)' });
  const created = await fetch(`${several?.url}/contacts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"firstname":"Mary"}',
  });
  t.is(created.status, 201);
  t.regex(await body, /firstname%5D=Mary/, 'the event of one process reaches the subscription that another made');
  for (const { child } of served) child.kill('SIGTERM');
  for (const { ended } of served) t.deepEqual(await ended, [0, null]);
  const pids = [...(several?.stderr() ?? '').matchAll(/^Process \d is (\d+)$/gm)].map(([, pid]) => Number(pid));
  t.is(pids.length, 2);
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'none of them is left');
});

test.serial('what a beginner gets wrong ends it with code 2 and one line that helps, without the password', async (t) => {
  const refused = async (change: (url: URL) => void, message: RegExp, args: readonly string[] = ['--serve']) => {
    const url = new URL(database.url);
    url.password = 'geheim';
    change(url);
    checkRefused(t, await runProgram(args, { DATABASE_URL: url.href }), message);
  };
  const role = `reader_${process.pid}`;
  await database.behind.query(`create role ${role} login password 'geheim'`);
  try {
    await refused(
      (url) => (url.username = role),
      /The role "reader_\d+" may not .*grant create on database "\w+" to "reader_\d+"$/m,
    );
    await refused((url) => (url.username = role), /The role "reader_\d+" may not/, ['--once', '--processes', '2']);
  } finally {
    await database.behind.query(`drop role ${role}`);
  }
  await refused((url) => (url.pathname = '/nowhere'), /There is no database "nowhere" on the server at .*"createdb nowhere"/);
  await refused((url) => (url.port = '1'), /No PostgreSQL server answers at [\w.]+:1 \(ECONNREFUSED\)\. Start it/);
  await refused((url) => (url.hostname = 'nowhere.invalid'), /No PostgreSQL server answers at nowhere\.invalid:\d+/);

  const refuser = createServer((socket) => {
    // What a real server says about a wrong password; the one of these tests trusts everybody.
    const fields = 'SFATAL\0C28P01\0Mpassword authentication failed for user "postgres"\0\0';
    const message = Buffer.alloc(5 + fields.length);
    message.write('E');
    message.writeInt32BE(4 + fields.length, 1);
    message.write(fields, 5);
    socket.on('error', () => {}).once('data', () => socket.end(message));
  }).listen(0, '127.0.0.1');
  await once(refuser, 'listening');
  const { port } = refuser.address() as AddressInfo;
  await refused((url) => (url.port = String(port)), /did not take the password of the role "\w+"\. Check DATABASE_URL/);
  refuser.close();
});

function figures(t: ExecutionContext, run: Run): Summary {
  t.is(run.code, 0, run.stderr);
  const summary = JSON.parse(run.stdout) as Summary;
  t.deepEqual(summary.problems, []);
  return summary;
}

function checkRefused(t: ExecutionContext, run: Run, message: RegExp): void {
  t.is(run.code, 2, run.stderr);
  t.regex(run.stderr, message);
  t.is(run.stderr.trim().split('\n').length, 1, run.stderr);
  t.is(run.stdout, '');
  t.notRegex(run.stderr, /geheim/);
}
