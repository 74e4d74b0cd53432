import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { keys, listen, root, serveProgram, subscribe } from './demo-program.ts';

const readme = readFileSync(join(root, 'examples/crm/README.md'), 'utf8');
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block.trim().split('\n'));

test('the commands of the README drive it: each thing that happens brings its payload', async (t) => {
  if (spawnSync('curl', ['--version']).error) {
    t.pass('curl is not installed here, and the commands of the README are for curl');
    t.log('not run: curl is not installed');
    return;
  }
  const [subscribing = [], happening = [], [list = '', log = '', remove = ''] = []] = commands;
  t.deepEqual([subscribing.length, happening.length, commands[2]?.length], [5, 5, 3]);

  const inbox = mailbox();
  const receiver = await listen((request, body, answer) => {
    inbox.put({ path: request.url ?? '', body });
    answer();
  });
  const crm = await serveProgram([]);
  const environment = { ...process.env, ...keys, CRM: crm.url, RECEIVER: receiver.url };
  const run = async (command: string) => {
    const child = spawn('sh', ['-c', command], { env: environment });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return JSON.parse(text) as { readonly code?: number; readonly error?: string; readonly data?: unknown };
  };

  for (const command of subscribing) t.is((await run(command)).code, 0, command);
  const paths = ['/created', '/tagged', '/untagged', '/submitted', '/cars'] as const;
  for (const [index, command] of happening.entries()) {
    const { error } = await run(command);
    t.is(error, undefined, command);
    t.is((await inbox.take()).path, paths[index] ?? '', command);
  }
  t.is(((await run(list)).data as readonly unknown[]).length, 5);
  t.true(((await run(log)).data as readonly unknown[]).length > 0);
  t.is((await run(remove)).data, 'Deleted');

  crm.child.kill('SIGTERM');
  t.deepEqual(await crm.ended, [0, null]);
  t.is(crm.stderr(), '');
  receiver.close();
});

test('every route of the README answers, and what is wrong is told with its status', async (t) => checkRoutes(t, []));

test('every route answers in the same way on PostgreSQL', async (t) => {
  const { url, remove } = await testDatabase();
  t.teardown(remove);
  await checkRoutes(t, ['--database', url]);
});

test('the keys and the plan of the environment hold: a wrong key is 401, a car subscription on a basic plan 403', async (t) => {
  const crm = await serveProgram([], { ...keys, CRM_PLAN: 'basic' });
  const url = 'http://127.0.0.1:9/none';
  await t.throwsAsync(subscribe(crm.url, { url, event: 'object_create(10001)' }), { message: /answered 403/ });
  t.is(await subscribe(crm.url, { url, event: 'object_create(0)' }), 1);
  const headers = { 'Api-Appid': keys.CRM_APP_ID, 'Api-Key': 'wrong' };
  t.is((await fetch(`${crm.url}/1/Webhooks`, { headers })).status, 401);
  crm.child.kill('SIGTERM');
  await crm.ended;
});

test('without keys in the environment it makes a pair up, and says which', async (t) => {
  const crm = await serveProgram([], {});
  const [, appId, apiKey] = /^CRM_APP_ID=(\S+) CRM_API_KEY=(\S+)$/m.exec(crm.stderr()) ?? [];
  const headers = { 'Api-Appid': appId ?? '', 'Api-Key': apiKey ?? '' };
  t.is((await fetch(`${crm.url}/1/Webhooks`, { headers })).status, 200);
  crm.child.kill('SIGINT');
  t.deepEqual(await crm.ended, [0, null]);
});

interface Letter {
  readonly path: string;
  readonly body: string;
}

/** What arrives waits to be taken, and who takes waits for what arrives. */
function mailbox() {
  const letters: Letter[] = [];
  let wake = () => {};
  return {
    put(letter: Letter) {
      letters.push(letter);
      wake();
    },
    async take(): Promise<Letter> {
      while (letters.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return letters.shift() as Letter;
    },
  };
}

async function checkRoutes(t: ExecutionContext, args: readonly string[]): Promise<void> {
  const crm = await serveProgram(args);
  t.teardown(() => crm.child.kill('SIGKILL'));
  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    const response = await fetch(crm.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };

  const [created, contact] = await call('POST', '/contacts', { firstname: 'Zoë', zip: '08014' });
  t.is(created, 201);
  t.like(contact, { id: 1, firstname: 'Zoë', zip: '08014', lastname: null });
  t.deepEqual((await call('GET', '/contacts/1'))[1], contact);
  t.deepEqual((await call('POST', '/cars', { make: 'Fiat', year: 1999 }))[1]['year'], 1999);
  t.is((await call('POST', '/contacts', { id: 40 }))[1]['id'], 40);
  t.deepEqual(await call('PUT', '/cars/1/tags/2'), [200, { changed: true }]);
  t.deepEqual(await call('PUT', '/cars/1/tags/2'), [200, { changed: false }]);
  t.deepEqual(await call('DELETE', '/cars/1/tags/2'), [200, { changed: true }]);
  t.deepEqual(await call('DELETE', '/cars/1/tags/2'), [200, { changed: false }]);
  t.is((await call('POST', '/forms/1/submissions', { email: 'new@example.com' }))[1]['id'], 41);
  const [, imported] = await call('POST', '/contacts', [{ zip: '1' }, { zip: '2' }], 'import-1');
  t.deepEqual((await call('POST', '/contacts', [{ zip: '1' }, { zip: '2' }], 'import-1'))[1], imported, 'not imported twice');
  t.deepEqual(
    (imported as unknown as readonly Record<string, unknown>[]).map(({ id, zip }) => [id, zip]),
    [
      [42, '1'],
      [43, '2'],
    ],
  );
  const submitted = await call('POST', '/forms/1/submissions', { contact_id: 1 }, 'click-1');
  t.deepEqual(await call('POST', '/forms/1/submissions', { contact_id: 1 }, 'click-1'), submitted);
  t.deepEqual(await call('POST', '/tags', { name: 'Mine' }), [201, { id: 6, name: 'Mine' }]);
  t.is((await call('GET', '/forms'))[0], 200);
  t.deepEqual(await call('PUT', '/contacts/42/tags/6'), [200, { changed: true }]);
  const [, { records, more }] = await call('GET', '/contacts?before=43');
  t.is(more, false);
  t.like((records as readonly unknown[])[0], { record: { id: 42, zip: '1' }, tags: [6] });
  t.like(((await call('GET', '/contacts'))[1]['records'] as readonly unknown[])[0], { record: { id: 43 }, tags: [] });

  const refused: readonly (readonly [number, RegExp, ...Parameters<typeof call>])[] = [
    [400, /no field "emial"\. Did you mean "email"\?/, 'POST', '/contacts', { emial: 'x' }],
    [400, /must be a text, a number or null/, 'POST', '/contacts', { email: ['x'] }],
    [400, /JSON object of its fields/, 'POST', '/contacts'],
    [400, /whole number from 1 up/, 'POST', '/contacts', { id: -1 }],
    [400, /Send 1 to 1000 contacts at once/, 'POST', '/contacts', []],
    [409, /There is a contact 40 already/, 'POST', '/contacts', [{ zip: '3' }, { id: 40 }]],
    [400, /An Idempotency-Key is 1 to 200/, 'POST', '/contacts', {}, 'two words'],
    [404, /There is no contact 999999999999999/, 'GET', '/contacts/999999999999999'],
    [409, /There is a contact 40 already/, 'POST', '/contacts', { id: 40 }],
    [404, /There is no contact 99/, 'PUT', '/contacts/99/tags/1'],
    [404, /There is no tag 99\. There are 1 Customer/, 'PUT', '/contacts/1/tags/99'],
    [404, /There is no form 9/, 'POST', '/forms/9/submissions', { contact_id: 1 }],
    [400, /Submit a form with/, 'POST', '/forms/1/submissions', { contact_id: 'x' }],
    [400, /not an id/, 'GET', '/contacts/one'],
    [400, /Give it a name/, 'POST', '/tags', { name: ' ' }],
    [400, /before is the id of a record/, 'GET', '/cars?before=last'],
    [404, /There is no GET \/nothing/, 'GET', '/nothing'],
  ];
  for (const [status, error, ...request] of refused) {
    const [given, { error: message }] = await call(...request);
    t.is(given, status, String(message));
    t.regex(String(message), error);
  }
  crm.child.kill('SIGTERM');
  await crm.ended;
}
