import test from 'ava';
import { help, readSettings } from '../examples/crm/src/arguments.ts';
import { shown } from '../examples/crm/src/database-name.ts';

test('without arguments it is the demo: 500 contacts, any free port, a temporary database, a key pair made up', (t) => {
  const { credentials, password, sealingKey, ...settings } = readSettings([], {});
  t.deepEqual(settings, {
    mode: 'demo',
    json: false,
    contactsFile: null,
    count: 500,
    seed: 1,
    port: 0,
    database: null,
    processes: null,
    leaseMs: 60_000,
    retryScheduleMs: [200, 400, 800, 1_600, 3_200],
    suspendAfter: null,
    plan: 'enterprise',
    signingSecret: null,
  });
  t.true(credentials.madeUp);
  t.is(password, credentials.apiKey);
  t.is(Buffer.from(sealingKey ?? '', 'base64').length, 32);
  t.is(readSettings(['--database', 'crm.sqlite'], {}).sealingKey, null, 'the key would be gone, and the database not');
  t.not(credentials.apiKey, readSettings([], {}).credentials.apiKey);
});

test('every option is read, in both spellings', (t) => {
  const once = readSettings(['--once', '--json', '--contacts=a.csv', '--port', '4000', '--database', 'b.sqlite'], {});
  t.like(once, { mode: 'once', json: true, contactsFile: 'a.csv', port: 4_000, database: 'b.sqlite' });
  const made = readSettings(['--count', '9', '--seed=0'], {});
  t.like(made, { count: 9, seed: 0 });
  const environment = { CRM_APP_ID: 'a', CRM_API_KEY: 'k', CRM_PLAN: 'Basic' };
  t.like(readSettings(['--serve', '--lease-ms=2000', '--retry-ms=0,50', '--suspend-after', '3'], environment), {
    retryScheduleMs: [0, 50],
    suspendAfter: 3,
    mode: 'serve',
    leaseMs: 2_000,
    plan: 'basic',
    credentials: { appId: 'a', apiKey: 'k', madeUp: false },
  });
});

test('the database is a file or a URL, named by the option or by the variable', (t) => {
  const url = 'postgres://role:secret@localhost:5432/crm';
  t.is(readSettings([], { DATABASE_URL: url }).database, url);
  t.is(readSettings(['--database', url], {}).database, url);
  t.is(readSettings(['--database', url], { DATABASE_URL: url }).database, url);
  t.is(readSettings(['--database', 'a.sqlite'], { DATABASE_URL: '' }).database, 'a.sqlite');
  t.like(readSettings(['--processes', '3', '--database', 'a.sqlite'], {}), { processes: 3, leaseMs: 5_000 });
  t.like(readSettings(['--serve', '--processes=16'], { DATABASE_URL: url }), { processes: 16, leaseMs: 60_000 });
});

test('a database is shown without its password, however it is written', (t) => {
  t.is(shown('postgres://role:se/cr@et@host:5432/crm'), 'postgres://role:***@host:5432/crm');
  t.is(shown('postgres://role@host/crm'), 'postgres://role@host/crm');
  t.is(shown('role:secret@host/crm'), 'role:***@host/crm');
  t.is(shown('postgres:///crm?host=a&password=secret&x=1'), 'postgres:///crm?host=a&password=***&x=1');
  t.is(shown('/home/me/crm.sqlite'), '/home/me/crm.sqlite');
});

test('the help names every option and every variable', (t) => {
  for (const name of [
    'contacts',
    'count',
    'seed',
    'once',
    'json',
    'serve',
    'port',
    'database',
    'processes',
    'lease-ms',
    'retry-ms',
    'suspend-after',
    'help',
  ]) {
    t.regex(help, new RegExp(`^  --${name}\\b`, 'm'));
  }
  for (const name of [
    'DATABASE_URL',
    'CRM_APP_ID',
    'CRM_API_KEY',
    'CRM_PASSWORD',
    'CRM_PLAN',
    'CRM_SIGNING_SECRET',
    'CRM_SEALING_KEY',
  ])
    t.regex(help, new RegExp(name));
});

const mistakes: readonly (readonly [args: readonly string[], environment: NodeJS.ProcessEnv, message: RegExp])[] = [
  [['--contcats', 'a.csv'], {}, /There is no option --contcats\. Did you mean "--contacts"\?/],
  [['--colour'], {}, /There is no option --colour\. See --help/],
  [['-x'], {}, /There is no option -x/],
  [['--no-once'], {}, /There is no option --no-once\. Did you mean "--once"\?/],
  [['contacts.csv'], {}, /"contacts\.csv" is not an option/],
  [['--contacts'], {}, /--contacts/],
  [['--contacts', ''], {}, /--contacts needs the name of a file/],
  [['--once=yes'], {}, /--once/],
  [['--port', 'http'], {}, /--port is "http", but must be a whole number from 0 to 65535/],
  [['--port', '65536'], {}, /--port is "65536"/],
  [['--port=-1'], {}, /--port is "-1"/],
  [['--count', '0'], {}, /--count is "0", but must be a whole number from 1/],
  [['--count', '1e3'], {}, /--count is "1e3"/],
  [['--lease-ms', '10'], {}, /--lease-ms is "10", but must be a whole number from 1000 to 3600000/],
  [['--retry-ms', '200,'], {}, /--retry-ms is "200,", but must be 1 to 100 whole numbers/],
  [['--suspend-after', '0'], {}, /--suspend-after is "0", but must be a whole number from 1 to 1000/],
  [['--serve', '--once'], {}, /--once belongs to the demo, and --serve runs none/],
  [['--serve', '--contacts', 'a.csv'], {}, /--contacts belongs to the demo/],
  [['--contacts', 'a.csv', '--count', '5'], {}, /--count is about made-up contacts/],
  [['--serve'], { CRM_APP_ID: 'a' }, /CRM_API_KEY is not set, but its partner is/],
  [['--serve'], { CRM_API_KEY: 'k' }, /CRM_APP_ID is not set, but its partner is/],
  [['--serve'], { CRM_APP_ID: 'a', CRM_API_KEY: 'with space' }, /CRM_API_KEY cannot be sent in a header/],
  [['--serve'], { CRM_PLAN: 'enterprize' }, /CRM_PLAN is "enterprize".*Did you mean "enterprise"\?/],
  [['--database', ''], {}, /--database needs the name of a file, or the URL of a PostgreSQL database/],
  [['--database', 'mysql://role:secret@host/crm'], {}, /--database begins with mysql:\/\/, which is no PostgreSQL database/],
  [[], { DATABASE_URL: 'mysql://role:secret@host/crm' }, /DATABASE_URL does not begin with postgres:\/\/\. Write/],
  [[], { DATABASE_URL: 'role:secret@host/crm' }, /DATABASE_URL does not begin with postgres/],
  [[], { DATABASE_URL: 'postgres://role:secret#1@host/crm' }, /DATABASE_URL is no valid URL.* # .* as %23/],
  [[], { DATABASE_URL: 'postgres://role:secret%zz@host/crm' }, /DATABASE_URL is no valid URL/],
  [
    ['--database', 'a.sqlite'],
    { DATABASE_URL: 'postgres://role:secret@host/crm' },
    /--database is a\.sqlite, and DATABASE_URL is/,
  ],
  [['--processes', '4'], {}, /--processes needs a database that processes can share.*DATABASE_URL.*--database/],
  [['--processes', '0', '--database', 'a.sqlite'], {}, /--processes is "0", but must be a whole number from 1 to 16/],
  [['--processes', '17', '--database', 'a.sqlite'], {}, /--processes is "17"/],
  [[], { CRM_PLAN: 'plus' }, /The demo subscribes to cars, which the plan plus does not allow/],
];

for (const [args, environment, message] of mistakes) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value} `);
  test(`it refuses ${variables.join('')}${args.join(' ') || 'the demo'}, saying why`, (t) => {
    const error = t.throws(() => readSettings(args, environment), { name: 'UsageError', message });
    t.notRegex(error?.message ?? '', /secret/);
  });
}
