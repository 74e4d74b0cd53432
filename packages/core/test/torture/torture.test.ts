import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { rememberedIds, verifyOnce } from '@hookwell/core/verify';
import test, { type ExecutionContext } from 'ava';
import { readSettings, UsageError } from '../../src/torture/arguments.ts';
import { trials } from '../../src/torture/trials.ts';

const program = fileURLToPath(new URL('../../src/torture/main.ts', import.meta.url));
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], onLine?: (out: string, stop: () => void) => void): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program, ...args], {
    env: { PATH: process.env['PATH'] },
  });
  let seen = '';
  child.stdout.on('data', (part: Buffer) => {
    seen += part.toString();
    onLine?.(seen, () => child.kill('SIGINT'));
  });
  const [err, code] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve) => void child.once('close', resolve)),
  ]);
  return { code, out: seen, err };
}

/** An endpoint that answers what `judge` says of a request. */
async function endpoint(t: ExecutionContext, judge: (request: IncomingMessage, body: Buffer) => Promise<number> | number) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      void Promise.resolve(judge(request, Buffer.concat(parts))).then((status) => response.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
}

test('an endpoint that verifies as the guide says gives every delivery the answer that it deserves', async (t) => {
  const seen = rememberedIds();
  let done = 0;
  const url = await endpoint(t, async ({ headers }, body) => {
    const checked = await verifyOnce({ headers, body, secrets: secret, seen });
    if (!checked.ok) return 401;
    if (!checked.repeated) done += 1;
    return 200;
  });
  const { code, out, err } = await run(['send', url, '--secret', secret]);
  t.is(code, 0, out + err);
  t.is(out.match(/^ok /gm)?.length, trials.length);
  t.true(trials.length >= 25);
  t.is(done, trials.filter(({ expect }) => expect === 'accepted').length - 1, 'what came again was done once');
});

test('an endpoint that looks at nothing is found out, and so is one that refuses everything', async (t) => {
  const credulous = await run(['send', await endpoint(t, () => 204), '--secret', secret, '--json']);
  t.is(credulous.code, 1);
  const { right, results } = JSON.parse(credulous.out) as { right: boolean; results: { name: string; isRight: boolean }[] };
  t.false(right);
  t.deepEqual(
    results.filter(({ isRight }) => !isRight).map(({ name }) => name),
    trials.filter(({ expect }) => expect === 'refused').map(({ name }) => name),
  );
  const stubborn = await run(['send', await endpoint(t, () => 403), '--secret', secret]);
  t.is(stubborn.code, 1);
  t.regex(stubborn.out, /^WRONG +json +a delivery in JSON +HTTP 403: refused, and should be accepted$/m);
});

test('an endpoint that fails, or never answers, refuses nothing', async (t) => {
  const failing = await run(['send', await endpoint(t, () => 500), '--secret', secret]);
  t.regex(failing.out, /^WRONG +unsigned .* HTTP 500: failed, and should be refused$/m);
  const silent = await endpoint(t, async () => new Promise(() => undefined));
  const { code, out } = await run(['send', silent, '--secret', secret, '--timeout-ms', '20']);
  t.is(code, 1);
  t.regex(out, /^WRONG +unsigned .* no answer within 20 ms: failed, and should be refused$/m);
});

test('receive misbehaves as it is asked to, and tells at the end what that has cost', async (t) => {
  let asked = false;
  const { code, out } = await run(['receive'], (seen, stop) => {
    const busy = /^(\S+\/status-503) /m.exec(seen)?.[1];
    if (asked || busy === undefined || !seen.includes('Ctrl-C')) return;
    asked = true;
    void fetch(busy, { method: 'POST', body: 'x' }).then(({ status }) => {
      t.is(status, 503);
      stop();
    });
  });
  t.is(code, 0);
  t.regex(out, /^behaviour +exchanges +longest +still open +most taken$/m);
  t.regex(out, /^status-N +1 +0\.\d s /m);
});

test('receive with a time ends by itself, and is read by machines with --json', async (t) => {
  const { code, out } = await run(['receive', '--seconds', '1', '--json']);
  t.is(code, 0);
  const [first = '', last = ''] = out.trim().split('\n');
  t.true((JSON.parse(first) as { behaviours: unknown[] }).behaviours.length > 35);
  t.deepEqual(JSON.parse(last), { costs: [] });
});

for (const [args, message] of [
  [['sned', 'http://x'], /^"sned" is neither "receive" nor "send"\. Did you mean "send"\? See --help\.$/m],
  [['--json'], /^Say "receive" or "send"; see --help\.$/m],
  [['send', 'http://127.0.0.1', '--secrt', 'x'], /^There is no option --secrt\. Did you mean "--secret"\? See --help\.$/m],
  [['send', '--secret', secret], /^send needs the URL of the endpoint\.$/m],
  [['send', 'ftp://x', '--secret', secret], /^"ftp:\/\/x" is not a URL that begins with http:\/\/ or https:\/\/\.$/m],
  [['send', 'http://127.0.0.1'], /^send needs a secret: --secret with whsec_ and base64, or WEBHOOK_SECRET\.$/m],
  [['send', 'http://127.0.0.1', '--port', '1', '--secret', secret], /^--port does not belong to send; leave it out\.$/m],
  [['receive', '--port', '70000'], /^--port is "70000", but must be a whole number from 0 to 65535\.$/m],
  [['receive', 'http://x'], /^receive takes no "http:\/\/x"; leave it out\.$/m],
] as const) {
  test(`${args.join(' ').replaceAll(secret, 'whsec_…')} is refused with the way out`, (t) => {
    t.throws(() => readSettings(args, {}), { instanceOf: UsageError, message });
  });
}

test('what is refused ends with 2, and prints nothing but why', async (t) => {
  const { code, out, err } = await run(['send', 'http://127.0.0.1']);
  t.deepEqual([code, out], [2, '']);
  t.regex(err, /^send needs a secret/);
});

test('the secret may come from the environment, and one that is nearly right is not shown', (t) => {
  t.like(readSettings(['send', 'http://127.0.0.1'], { WEBHOOK_SECRET: secret }), { command: 'send', timeoutMs: 10_000 });
  const { message } = t.throws(() => readSettings(['send', 'http://127.0.0.1', '--secret', 'whsec_nearly!'], {}));
  t.notRegex(message, /nearly/);
});

test('without arguments it says what it is for', async (t) => {
  const { code, out } = await run([]);
  t.is(code, 0);
  t.regex(out, /^Usage: hookwell-torture receive/m);
});
