import { createServer, type AddressInfo, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { httpTransport } from '@hookwell/adapters/http';
import type { TransportResult } from '@hookwell/core';
import test from 'ava';
import { mutateAnswer } from './mutate-answer.ts';

// More of them: npx ava --config ava.security.config.js test/security/fuzzed-answers.test.ts -- --seeds 1000000; one: -- --seed 17.
const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' } }, strict: false });
const count = Number(values.seeds ?? 100_000);
const only = values.seed === undefined ? null : Number(values.seed);
const totalMs = 2_000;
const connections = 100;
/** How long the receiver waits for the next request before it closes the connection. */
const idleMs = 10;
/** One request in so many asks for an answer that is its own, which no other may be taken for. */
const echoEvery = 5;

const rejections: unknown[] = [];
process.on('unhandledRejection', (error) => rejections.push(error));

test.serial(
  `${only === null ? `${count} broken answers` : `seed ${only}`}: each request ends with a result, and none with that of another`,
  async (t) => {
    t.timeout(600_000);
    const server = createServer({ noDelay: true }, answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs, connections });
    await transport.start({ now: Date.now });
    const told = new Map<string, number>();
    const problems: string[] = [];
    let next = only ?? 1;
    const last = only ?? count;
    const began = performance.now();

    async function sender(): Promise<void> {
      while (next <= last) {
        const seed = next;
        next += 1;
        const echo = only === null && seed % echoEvery === 0;
        const sentAt = performance.now();
        const result = await transport.send({ ...request, url: `${origin}/${echo ? 'echo' : 'broken'}/${seed}` });
        const problem = problemOf(result, performance.now() - sentAt) ?? (echo ? wrongEcho(result, seed) : null);
        if (problem !== null) problems.push(`--seed ${seed}: ${problem}`);
        const what = result.ok ? 'delivered' : result.reason.replace(/\d+/g, 'N');
        told.set(what, (told.get(what) ?? 0) + 1);
      }
    }
    await Promise.all(Array.from({ length: connections }, sender));
    const seconds = (performance.now() - began) / 1_000;

    t.deepEqual(problems.slice(0, 20), []);
    t.deepEqual(rejections, []);
    const after = await transport.send({ ...request, url: `${origin}/echo/0` });
    t.like(after, { ok: true, status: 200, answer: 'echo 0' });
    const closed = new Promise((resolve) => server.close(resolve));
    await transport.stop();
    await closed;
    t.log(`${Math.round(last / seconds)} answers a second, ${seconds.toFixed(1)} s`);
    t.log(
      [...told]
        .toSorted((a, b) => b[1] - a[1])
        .map(([what, times]) => `${times} × ${what}`)
        .join('\n'),
    );
  },
);

const request = {
  deliveryId: 'delivery-1',
  accountId: 'account-1',
  subscriptionId: 1,
  topic: 'sub_tag(3)',
  headers: ['content-type', 'application/json'],
  body: '{"a":1}',
};

/** Answers each request, which comes in one piece, and closes the connection when no other comes for a while. */
function answer(socket: Socket): void {
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => undefined);
  socket.once('close', () => clearTimeout(timer));
  socket.on('data', (bytes: Buffer) => {
    const [, kind, seed] = /^POST \/(echo|broken)\/(\d+) /.exec(bytes.toString('latin1')) ?? [];
    if (kind === undefined) return;
    socket.write(kind === 'echo' ? echoOf(Number(seed)) : mutateAnswer(Number(seed)));
    clearTimeout(timer);
    timer = setTimeout(() => socket.end(), idleMs);
  });
}

function echoOf(seed: number): string {
  const body = `echo ${seed}`;
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** What is wrong with a result, whatever was answered; null when nothing is. */
function problemOf(result: TransportResult, tookMs: number): string | null {
  if (tookMs > totalMs + 1_000) return `it ended after ${tookMs} ms`;
  if (!result.answer.isWellFormed() || Buffer.byteLength(result.answer) > 4_096) return 'its answer is no text of 4 KiB';
  if (result.ok) return result.status >= 200 && result.status <= 299 ? null : `delivered with status ${result.status}`;
  if (!['endpoint', 'busy', 'gone'].includes(result.fault)) return `it is called a fault of ${result.fault}: ${result.reason}`;
  if (result.status !== 0 && (result.status < 200 || result.status > 599)) return `failed with status ${result.status}`;
  if (result.reason.length > 200 || /127\.0\.0\.1/.test(result.reason)) return `its reason is ${result.reason}`;
  const wait = result.retryAfterMs;
  return wait === null || (wait >= 0 && wait <= 86_400_000) ? null : `it is to wait for ${wait} ms`;
}

function wrongEcho(result: TransportResult, seed: number): string | null {
  if (result.ok) return result.answer === `echo ${seed}` ? null : `it was given the answer "${result.answer.slice(0, 40)}"`;
  return result.status === 0 ? null : `it was given the status ${result.status}`;
}
