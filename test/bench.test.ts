import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { standardWebhooks, type StoredEvent, type Subscription } from '@hookwell/core';
import test from 'ava';
import { readSettings } from '../bench/src/arguments.ts';
import type { Result } from '../bench/src/bench.ts';
import type { Contestant } from '../bench/src/contestant.ts';
import type { HistoryResult } from '../bench/src/history.ts';
import type { Report } from '../bench/src/receiver.ts';
import { startReceiver, type Receiving } from '../bench/src/receiving.ts';
import { run } from '../bench/src/run.ts';
import { spread } from '../bench/src/statistics.ts';
import { verify } from '../bench/src/verify.ts';
import { requestsOf, secret, urlOf, type Request } from '../bench/src/workload.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function runBench(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=source', 'bench/src/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

test('--quick --json: every contestant in every mode, checked, with its ratios to the bare loops', async (t) => {
  const { code, stdout, stderr } = await runBench('--quick', '--json');
  t.is(code, 0, stderr);
  const result = JSON.parse(stdout) as Result;
  const names = ['dispatch', 'request', 'memory', 'sqlite', 'postgres'] as const;
  t.deepEqual(Object.keys(result.contestants), [...names]);
  t.regex(result.contestants.postgres ?? '', /^Hookwell on PostgreSQL \d+/);
  t.deepEqual(Object.keys(result.throughput), ['awaited', 'bulk', 'backlog', 'fan-out']);
  for (const figures of Object.values(result.throughput)) {
    t.deepEqual(Object.keys(figures), [...names]);
    t.is(figures.dispatch?.ratio.dispatch?.median, 1);
    for (const name of names) {
      const { deliveriesPerSecond, ratio, cpuMicrosPerDelivery } = figures[name] ?? t.fail(`${name} is missing`);
      for (const one of [deliveriesPerSecond, ratio.dispatch, ratio.request, cpuMicrosPerDelivery]) {
        t.true(one !== null && one.min > 0 && one.min <= one.median && one.median <= one.max, JSON.stringify(one));
      }
    }
  }
  for (const name of names) {
    const { p50, p99 } = result.latencyMs[name] ?? t.fail(`${name} is missing`);
    t.true(p50.median > 0 && p50.median <= p99.median);
  }
  t.is(result.verifiedDeliveries, 4 * names.length * 500 + names.length * 60);
  t.true(result.settings.bodyBytes > 900 && result.settings.bodyBytes < 1_200);
  t.is(result.machine.node, process.version);
  t.regex(result.versions['undici'] ?? '', /^\d+\.\d+\.\d+/);
});

test('--history: each database empty and with that many finished deliveries, and the ratio of the two', async (t) => {
  const { code, stdout, stderr } = await runBench('--history', '2000', '--quick', '--json');
  t.is(code, 0, stderr);
  const { settings, figures } = JSON.parse(stdout) as HistoryResult;
  t.deepEqual(settings, { deliveries: 500, rounds: 1, finishedDeliveries: 2_000 });
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

test('an unknown option is refused with a suggestion, and an unknown name of --only too', async (t) => {
  const { code, stderr } = await runBench('--rouds', '3');
  t.is(code, 2);
  t.is(stderr, 'There is no option --rouds. Did you mean "--rounds"? See --help.\n');
  t.throws(() => readSettings(['--only', 'sqllite']), {
    message: /unknown name "sqllite"\. Did you mean "sqlite"\? Names: dispatch/,
  });
  t.throws(() => readSettings(['--events', '5']), { message: '--events is "5", but must be a whole number from 20 to 1000000.' });
  t.throws(() => readSettings(['--history', '10']), { message: /--history is "10", .* from 1000 to 10000000/ });
  t.throws(() => readSettings(['quick']), { message: /"quick" is not an option/ });
  t.throws(() => readSettings(['--events']), { message: /argument missing/ });
});

test('--only takes contestants and modes, and all of a kind of which it names none', (t) => {
  const { contestants, modes } = readSettings(['--only', 'sqlite,backlog']);
  t.deepEqual([contestants, modes], [['sqlite'], ['backlog']]);
  t.is(readSettings(['--only', 'sqlite']).modes.length, 5);
  t.is(readSettings(['--only', 'latency']).contestants.length, 5);
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
    receivedAt: new Float64Array(0),
  };
  const sent = verify('one', workload, report, undefined);
  t.deepEqual(verify('two', workload, report, sent), sent);
  t.throws(() => verify('two', workload, { ...report, bodyChecksum: 8 }, sent), { message: /the bodies differ/ });
  t.throws(() => verify('two', workload, { ...report, bytes: 999 }, sent), { message: /999 bytes .* another contestant 1000/ });
  t.throws(() => verify('two', workload, { ...report, deliveryIds: 199 }, sent), { message: /199 different webhook-ids/ });
});
