import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { standardWebhooks, type StoredEvent, type Subscription } from '@hookwell/core';
import test from 'ava';
import { readSettings } from '../bench/src/arguments.ts';
import type { Result } from '../bench/src/bench.ts';
import { contestantNames, type Contestant } from '../bench/src/contestant.ts';
import { distinctIds } from '../bench/src/distinct-ids.ts';
import type { HistoryResult } from '../bench/src/history.ts';
import type { Report } from '../bench/src/receiver.ts';
import { startReceiver, type Receiving } from '../bench/src/receiving.ts';
import { run } from '../bench/src/run.ts';
import { spread } from '../bench/src/statistics.ts';
import { verify } from '../bench/src/verify.ts';
import { requestsOf, secret, urlOf, type Request } from '../bench/src/workload.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function runBench(...args: readonly string[]) {
  return runBenchWith({}, ...args);
}

async function runBenchWith(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=source', 'bench/src/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

test('--quick --json: every contestant, checked, with its ratios to the baselines, and what it costs', async (t) => {
  const { code, stdout, stderr } = await runBench('--quick', '--json', '--only', 'awaited,backlog,latency');
  t.is(code, 0, stderr);
  const result = JSON.parse(stdout) as Result;
  // BullMQ takes part where there is a Redis, and is said to be left out elsewhere.
  const names = contestantNames.filter((name) => result.leftOut[name] === undefined);
  t.deepEqual(Object.keys(result.contestants), [...names]);
  t.deepEqual(
    [...contestantNames].filter((name) => name !== 'bullmq' && !names.includes(name)),
    [],
  );
  t.regex(result.contestants.postgres ?? '', /^Hookwell on PostgreSQL \d+/);
  t.deepEqual(Object.keys(result.throughput), ['awaited', 'backlog']);
  for (const figures of Object.values(result.throughput)) {
    t.deepEqual(Object.keys(figures), [...names]);
    t.is(figures.dispatch?.ratio.dispatch?.median, 1);
    for (const name of names) {
      const { deliveriesPerSecond, ratio, cpuMicrosPerDelivery, ...more } = figures[name] ?? t.fail(`${name} is missing`);
      for (const one of [deliveriesPerSecond, ratio.dispatch, ratio.request, ratio['pg-boss'], cpuMicrosPerDelivery]) {
        t.true(one !== null && one !== undefined && one.min > 0 && one.min <= one.median && one.median <= one.max, name);
      }
      const onPostgres = ['postgres', 'pg-boss', 'graphile-worker'].includes(name);
      t.is((more.statementsPerDelivery?.median ?? 0) > 0, onPostgres, name);
      if (process.platform === 'linux') t.is(more.databaseCpuMicrosPerDelivery !== null, onPostgres || name === 'bullmq', name);
      t.is(more.tenths !== null, figures === result.throughput.backlog);
    }
  }
  for (const name of names) {
    const { p50, p99 } = result.latencyMs[name] ?? t.fail(`${name} is missing`);
    t.true(p50.median > 0 && p50.median <= p99.median);
  }
  t.is(result.verifiedDeliveries, 2 * names.length * 200 + names.length * 40);
  t.true(result.settings.bodyBytes > 900 && result.settings.bodyBytes < 1_200);
  t.is(result.machine.node, process.version);
  t.regex(result.versions['undici'] ?? '', /^\d+\.\d+\.\d+/);
});

test('--history: each database empty and with that many finished deliveries, and the ratio of the two', async (t) => {
  const { code, stdout, stderr } = await runBench('--history', '2000', '--quick', '--json');
  t.is(code, 0, stderr);
  const { settings, figures } = JSON.parse(stdout) as HistoryResult;
  t.deepEqual(settings, { deliveries: 200, rounds: 1, finishedDeliveries: 2_000 });
  t.deepEqual(
    figures.map(({ contestant, mode }) => [/SQLite|PostgreSQL/.exec(contestant)?.[0], mode]),
    [
      ['SQLite', 'awaited'],
      ['SQLite', 'backlog'],
      ['PostgreSQL', 'awaited'],
      ['PostgreSQL', 'backlog'],
    ],
  );
  for (const { empty, full, ratio } of figures) {
    t.true(empty.median > 0 && full.median > 0);
    t.true(Math.abs(ratio.median - full.median / empty.median) < 0.01);
  }
});

test('a Redis that is named and does not answer ends the bench, rather than another one taking its place', async (t) => {
  const nowhere = { HOOKWELL_BENCH_REDIS_URL: 'redis://127.0.0.1:1' };
  const { code, stderr } = await runBenchWith(nowhere, '--quick', '--only', 'bullmq,awaited');
  t.is(code, 1);
  t.regex(stderr, /no Redis answers at HOOKWELL_BENCH_REDIS_URL, which is redis:\/\/127\.0\.0\.1:1/);
});

test('--of with --plots draws what an earlier run measured, and refuses what is no result', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [median, file] = [1_234, join(folder, 'result.json')];
  const one = { median, min: 1_000, max: 1_500 };
  const figures = { deliveriesPerSecond: one, ratio: {}, cpuMicrosPerDelivery: one, databaseCpuMicrosPerDelivery: one };
  const result = {
    machine: {},
    versions: {},
    settings: { deliveries: 10_000, backlog: 100_000, rounds: 3 },
    contestants: {},
    setUps: {},
    leftOut: { bullmq: 'there is no <Redis>' },
    throughput: { backlog: { dispatch: figures, 'pg-boss': figures } },
    latencyMs: { postgres: { p50: { ...one, median: 1.2 }, p99: { ...one, median: 4.5 } } },
  };
  writeFileSync(file, JSON.stringify(result));
  const { code, stdout, stderr } = await runBench('--of', file, '--plots', join(folder, 'plots'));
  t.is(code, 0, stderr);
  t.regex(stdout, /LEFT OUT: bullmq/);
  t.deepEqual(readdirSync(join(folder, 'plots')), ['cpu-backlog.svg', 'deliveries-backlog.svg', 'latency.svg']);
  const svg = readFileSync(join(folder, 'plots', 'deliveries-backlog.svg'), 'utf8');
  t.regex(svg, /<desc id="[^"]+">Medians of 3 rounds of 100,000 deliveries; .* pg-boss, PostgreSQL: 1,234\.<\/desc>/);
  t.regex(svg, /prefers-color-scheme:dark/);
  writeFileSync(file, '{}');
  t.regex((await runBench('--of', file)).stderr, /^--of names ".*result\.json", which is no result of this bench\./);
});

test('different ids are counted as such, however alike, and those that come again are not', (t) => {
  const ids = distinctIds(20_000);
  for (const id of [...Array(20_000).keys(), ...Array(500).keys()]) {
    const buffer = Buffer.from(`x delivery-${id} `);
    ids.add(buffer, 2, buffer.length - 1);
  }
  t.is(ids.count(), 20_000);
});

test('an unknown option is refused with a suggestion, and an unknown name of --only too', async (t) => {
  const { code, stderr } = await runBench('--rouds', '3');
  t.is(code, 2);
  t.is(stderr, 'There is no option --rouds. Did you mean "--rounds"? See --help.\n');
  t.throws(() => readSettings(['--only', 'sqllite']), {
    message: /unknown name "sqllite"\. Did you mean "sqlite"\? Names: dispatch/,
  });
  t.throws(() => readSettings(['--events', '5']), { message: '--events is "5", but must be a whole number from 20 to 1000000.' });
  t.throws(() => readSettings(['--backlog', '5']), { message: /--backlog is "5", .* from 20 to 1000000/ });
  t.throws(() => readSettings(['--history', '10']), { message: /--history is "10", .* from 1000 to 10000000/ });
  t.throws(() => readSettings(['quick']), { message: /"quick" is not an option/ });
  t.throws(() => readSettings(['--events']), { message: /argument missing/ });
});

test('--only takes contestants and modes, and all of a kind of which it names none', (t) => {
  const { contestants, modes } = readSettings(['--only', 'sqlite,backlog']);
  t.deepEqual([contestants, modes], [['sqlite'], ['backlog']]);
  t.is(readSettings(['--only', 'sqlite']).modes.length, 5);
  t.is(readSettings(['--only', 'latency']).contestants.length, 8);
});

test('a backlog is as long as the other runs, unless --backlog says how long', (t) => {
  t.is(readSettings(['--events', '300']).backlog, 300);
  t.is(readSettings(['--events', '300', '--backlog', '9000']).backlog, 9_000);
});

test('the middle of an even number of values lies between the two in the middle', (t) => {
  t.deepEqual(spread([4, 1, 3, 2], 1), { median: 2.5, min: 1, max: 4 });
  t.deepEqual(spread([3, 1, 2.04], 1), { median: 2, min: 1, max: 3 });
});

/** Sends with fetch, which adds headers of its own; `change` does something that must be noticed. */
function careless(change: (requests: Request[]) => void, sign = standardWebhooks({ secret }).request): Contestant {
  return {
    name: 'request',
    what: 'a sender that makes a mistake',
    async prepare(_mode, { records, fanOut }, origins) {
      const requests = Array.from({ length: records }, (_, index) => requestsOf(index + 1, fanOut)).flat();
      change(requests);
      const send = async ({ lane, body }: Request, index: number): Promise<void> => {
        const [startedAt, deliveryId] = [Date.now(), `delivery-${index}`];
        const unseen = { subscription: {} as Subscription, event: {} as StoredEvent, attempt: 1 };
        const [, signature = ''] = sign?.({ deliveryId, body, startedAt, ...unseen }) ?? [];
        const headers = {
          'webhook-id': deliveryId,
          'webhook-timestamp': String(Math.floor(startedAt / 1_000)),
          'webhook-signature': signature,
        };
        await (await fetch(urlOf(lane, origins), { method: 'POST', headers, body })).text();
      };
      return {
        sendAll: async () => void (await Promise.all(requests.map(send))),
        send: () => {},
        settled: async () => {},
        close: async () => {},
      };
    },
  };
}

const workload = { records: 40, fanOut: 5 };
let receiving: Receiving;
test.before(async () => {
  receiving = await startReceiver();
});
test.after.always(() => receiving.stop());

test.serial('a run in which everything arrives once is accepted, whoever sends', async (t) => {
  const { sent, deliveriesPerSecond } = await run(
    careless(() => {}),
    'awaited',
    workload,
    receiving,
    undefined,
  );
  t.true(deliveriesPerSecond > 0 && sent.bytes > 200 * 1_000);
});

test.serial('requests that come together, or in pieces, are each taken and answered once', async (t) => {
  await receiving.begin({ records: 3, fanOut: 1 });
  const { hostname, port } = new URL(receiving.origins[0] ?? '');
  const answers: string[] = [];
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  socket.on('data', (answer: string) => answers.push(answer));
  const [first = '', ...others] = [1, 2, 3].flatMap((record) => requestsOf(record, 1)).map(asText);
  const whole = [first, ...others].join('');
  socket.write(whole.slice(0, first.length + 700));
  // Once the first is answered, the piece of the second has been looked at.
  await once(socket, 'data');
  socket.write(whole.slice(first.length + 700));
  await receiving.complete();
  await once(socket.end(), 'end');
  t.is(answers.join('').split('HTTP/1.1 200 OK').length - 1, 3);
  const report = await receiving.report();
  const { received, repeated, unexpected, missing, deliveryIds, bytes, cpuMicros } = report;
  t.deepEqual([received, repeated, unexpected, missing, deliveryIds, bytes], [3, 0, 0, 0, 3, whole.length]);
  t.true(cpuMicros > 0 && report.receivedAt.subarray(1).every((time) => time > 0));
});

function asText({ lane, body }: Request): string {
  return `POST /${lane} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\nwebhook-id: id-${lane}\r\n\r\n${body}`;
}

const mistakes: readonly (readonly [string, (requests: Request[]) => void, RegExp])[] = [
  ['sends one twice', (all) => all.push(all[3] as Request), /1 deliveries arrived more than once/],
  [
    'sends one twice and another never',
    (all) => all.splice(4, 1, all[3] as Request),
    /1 of 200 deliveries never arrived; 1 deliveries arrived more than once/,
  ],
  [
    'sends one to somebody else',
    (all) => all.splice(0, 1, { lane: 20, body: all[0]?.body ?? '' }),
    /1 of 200 deliveries never arrived; 1 requests were for nobody/,
  ],
];
for (const [what, change, message] of mistakes) {
  test.serial(`a contestant that ${what} ends the bench`, async (t) => {
    await t.throwsAsync(run(careless(change), 'awaited', workload, receiving, undefined), { message });
  });
}

test.serial('a contestant that signs with another secret ends the bench', async (t) => {
  const { request } = standardWebhooks({ secret: `whsec_${Buffer.alloc(32).toString('base64')}` });
  await t.throwsAsync(
    run(
      careless(() => {}, request),
      'awaited',
      workload,
      receiving,
      undefined,
    ),
    {
      message: /4 signatures of those checked were wrong/,
    },
  );
});

test('a contestant that sends other bytes than the one before ends the bench', (t) => {
  const report: Report = {
    received: 200,
    repeated: 0,
    unexpected: 0,
    missing: 0,
    deliveryIds: 200,
    badSignatures: 0,
    bytes: 1_000,
    bodyChecksum: 7,
    cpuMicros: 1,
    receivedAt: new Float64Array(0),
  };
  const sent = verify('one', workload, report, undefined);
  t.deepEqual(verify('two', workload, report, sent), sent);
  t.throws(() => verify('two', workload, { ...report, bodyChecksum: 8 }, sent), { message: /the bodies differ/ });
  t.throws(() => verify('two', workload, { ...report, bytes: 999 }, sent), { message: /999 bytes .* another contestant 1000/ });
  t.throws(() => verify('two', workload, { ...report, deliveryIds: 199 }, sent), { message: /199 different webhook-ids/ });
});
