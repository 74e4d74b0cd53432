import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import express from 'express';

/** A receiver that answers with what it decoded, as JSON. */
export interface Decoder {
  readonly url: string;
}

export async function startExpressDecoder(t: ExecutionContext): Promise<Decoder> {
  const app = express();
  app.use(express.urlencoded({ extended: true }));
  app.post('/', (request, response) => {
    response.json(request.body);
  });
  const server = app.listen(0, '127.0.0.1');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => {
    server.once('listening', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Undefined where PHP is not installed; then the test says so, and fails where everything must run. */
export async function startPhpDecoder(t: ExecutionContext): Promise<Decoder | undefined> {
  if (spawnSync('php', ['--version']).error) {
    const reason = 'not run: PHP is not installed here (on Debian: apt-get install php-cli)';
    if (process.env['CI']) t.fail(reason);
    else t.log(reason);
    t.pass();
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-php-'));
  const script = join(folder, 'decode.php');
  writeFileSync(script, "<?php header('Content-Type: application/json'); echo json_encode($_POST, JSON_THROW_ON_ERROR);");
  const php = spawn('php', ['-S', '127.0.0.1:0', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => {
    php.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: php.stderr })) {
    const port = /\(http:\/\/127\.0\.0\.1:(\d+)\) started/.exec(line)?.[1];
    if (port === undefined) continue;
    php.stderr.resume();
    return { url: `http://127.0.0.1:${port}/` };
  }
  throw new Error(`php -S ended with ${php.exitCode} before it listened`);
}
