import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { DnsAnswer } from '../../packages/adapters/test/dns-server.ts';
import { requestTo } from '../../packages/adapters/test/http-requests.ts';
import { arena, bad, storm, type Storm } from './storm.ts';

/** Requests of the storm, half of them over https. */
const requests = 10_000;

function judge(t: ExecutionContext, { sent, blocked, otherwise, forbidden, good }: Storm): void {
  t.is(sent + blocked + otherwise, requests / 2);
  t.deepEqual(forbidden, [0, 0]);
  t.true(blocked > requests / 20 && sent > requests / 20, `${blocked} blocked, ${sent} sent`);
  t.true(good >= sent);
  t.log(`${sent} sent, ${blocked} blocked, ${otherwise} otherwise`);
}

for (const protocol of ['http:', 'https:'] as const) {
  test.serial(`${protocol} a storm of names that lead now here, now there: none reaches a forbidden listener`, async (t) => {
    t.timeout(300_000);
    judge(t, await storm(t.teardown.bind(t), protocol, requests / 2));
  });

  test.serial(`${protocol} the same storm on Node 22`, async (t) => {
    t.timeout(300_000);
    const node = fileURLToPath(new URL('../node22/node_modules/node/bin/node', import.meta.url));
    if (!existsSync(node)) {
      t.log('not run: Node 22 is not installed; npm ci installs it');
      return t.pass();
    }
    const file = fileURLToPath(new URL('storm-process.ts', import.meta.url));
    const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', file, protocol, String(requests / 2)];
    const { stdout } = await promisify(execFile)(node, args, { env: {}, timeout: 280_000 });
    const { version, ...came } = JSON.parse(stdout) as Storm & { readonly version: string };
    t.regex(version, /^v22\./);
    judge(t, came);
  });

  test.serial(`${protocol} a forbidden address among good ones, in any place and spelling, stops the request`, async (t) => {
    const answers: string[][] = [];
    for (const address of bad) {
      for (let place = 0; place < 4; place += 1)
        answers.push(['127.0.0.2', '127.0.0.2', '127.0.0.2'].toSpliced(place, 0, address));
      answers.push([address]);
    }
    const { good, forbidden, transport } = await arena(
      t.teardown.bind(t),
      protocol,
      (name) => answers[Number(name.split('.')[0])] ?? 'nxdomain',
    );
    for (const [index, answer] of answers.entries()) {
      const result = await transport.send(requestTo(`${protocol}//${index}.example.com:${good.port}/`));
      t.like(result, { ok: false, fault: 'policy', status: 0, answer: '' }, answer.join(' '));
      if (!result.ok) t.notRegex(result.reason, /\d\.\d|:[\da-f]+:/, 'it tells no address');
    }
    t.deepEqual(
      [...forbidden, good].map(({ accepted }) => accepted()),
      [0, 0, 0],
    );
  });
}

test.serial('a DNS that stalls, refuses and knows nothing ends requests in time, and reaches nobody', async (t) => {
  const { good, forbidden, transport } = await arena(t.teardown.bind(t), 'http:', (name) => {
    const kind = name.split('.')[1] ?? '';
    return kind === 'cname' ? { cname: 'localhost' } : (kind as DnsAnswer);
  });
  const began = performance.now();
  const kinds = ['silence', 'nxdomain', 'servfail', 'refused', 'garbage', 'cname'];
  const results = await Promise.all(
    Array.from({ length: 120 }, async (_, index) =>
      transport.send(requestTo(`http://n${index}.${kinds[index % kinds.length]}.example.com:${good.port}/`)),
    ),
  );
  t.true(performance.now() - began < 6_000, 'it took longer than the time of a connection');
  for (const [index, result] of results.entries()) t.like(result, { ok: false, status: 0 }, kinds[index % kinds.length]);
  t.deepEqual(
    [...forbidden, good].map(({ accepted }) => accepted()),
    [0, 0, 0],
  );
});
