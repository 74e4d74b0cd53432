#!/usr/bin/env node
// `hookwell-torture`: bad receivers for senders, and bad deliveries for receivers.

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { help, readSettings, UsageError, type Settings } from './arguments.ts';
import { receive } from './receive.ts';
import { send } from './send.ts';
import { behavioursTable, costsTable, trialsTable } from './tables.ts';

async function runSend({ json, ...options }: Extract<Settings, { command: 'send' }>): Promise<number> {
  const results = await send({ ...options, now: Date.now });
  print(json ? toJson(results) : trialsTable(results));
  return results.every(({ isRight }) => isRight) ? 0 : 1;
}

async function runReceive({ port, seconds, json }: Extract<Settings, { command: 'receive' }>): Promise<number> {
  const receiving = await receive({ port, now: Date.now });
  if (json) print(`${JSON.stringify({ behaviours: receiving.behaviours })}\n`);
  else print(`${behavioursTable(receiving.behaviours)}\nListening ${seconds > 0 ? `for ${seconds} s` : 'until Ctrl-C'}.\n`);
  const ended = new AbortController();
  const { signal } = ended;
  // Without a time, a timer that is as good as endless.
  const over = wait(seconds > 0 ? seconds * 1_000 : 2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
  await Promise.race([over, once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  ended.abort();
  const costs = receiving.costs();
  await receiving.close();
  print(json ? `${JSON.stringify({ costs })}\n` : `\n${costsTable(costs)}`);
  return 0;
}

function toJson(results: Awaited<ReturnType<typeof send>>): string {
  return `${JSON.stringify({ right: results.every(({ isRight }) => isRight), results }, null, 2)}\n`;
}

function print(text: string): void {
  process.stdout.write(text);
}

async function run(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2), process.env);
    if (settings.command === 'send') return await runSend(settings);
    if (settings.command === 'receive') return await runReceive(settings);
    print(help);
    return 0;
  } catch (error) {
    const isOurs = error instanceof UsageError || (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE');
    process.stderr.write(`${isOurs ? (error as Error).message : String((error as Error).stack ?? error)}\n`);
    return isOurs ? 2 : 1;
  }
}

process.exitCode = await run();
