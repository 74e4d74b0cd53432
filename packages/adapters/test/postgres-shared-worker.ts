// Runs once for all test files of a run of AVA, and so the server that it starts does.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SharedWorker } from 'ava/plugin';

async function startServer(): Promise<string> {
  const host = fileURLToPath(new URL('postgres-host.ts', import.meta.url));
  const child = spawn(process.execPath, [host], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'close').then(() => [null]),
  ])) as [string | null];
  if (line === null) throw new Error('the PostgreSQL server for the tests did not start; what it said is above');
  return line.trim();
}

async function answerAll(protocol: SharedWorker.Protocol): Promise<void> {
  let url: Promise<string> | undefined;
  for await (const message of protocol.subscribe()) {
    url ??= startServer();
    message.reply(await url);
  }
}

const shareServer: SharedWorker.Factory = (options) => {
  void answerAll(options.negotiateProtocol(['ava-4']).ready());
};

export default shareServer;
