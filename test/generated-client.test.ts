import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { functionTransport } from '@hookwell/adapters/function';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine, ontraportCatalog } from '@hookwell/core';
import { webhooks } from '@hookwell/express-plugin';
import test, { type ExecutionContext } from 'ava';
import express from 'express';

const run = promisify(execFile);
const root = new URL('..', import.meta.url);
const compiler = new URL('node_modules/typescript/bin/tsc', root).pathname;

/** Written as somebody would who has the generated client: names and types are the document's. */
const consumer = `
import { createClient } from './client/index.ts';
import { listSubscriptions, listWebhooks, subscribe, unsubscribe } from './sdk.gen.ts';

export async function trial(baseUrl: string): Promise<readonly unknown[]> {
  const keys: Record<string, string> = { 'Api-Appid': 'app', 'Api-Key': 'key' };
  const client = createClient({ baseUrl, auth: ({ name }) => (name === undefined ? undefined : keys[name]) });
  const made = await subscribe({
    client,
    throwOnError: true,
    body: { url: 'https://example.com/hooks', event: 'sub_tag(3)', data: '{"format":"lightweight"}' },
  });
  const id: number = made.data.data.id;
  const seen = await listWebhooks({ client, throwOnError: true });
  const urls: (string | undefined)[] = seen.data.data.map((webhook) => webhook.url);
  const managed = await listSubscriptions({ client, throwOnError: true });
  const health: string[] = managed.data.rows.map((subscription) => subscription.health);
  const gone = await unsubscribe({ client, throwOnError: true, query: { id } });
  const deleted: 'Deleted' = gone.data.data;
  const again = await unsubscribe({ client, query: { id } });
  return [id, urls, health, deleted, again.response?.status, again.error];
}
`;

test('a client that a standard generator makes of the document type-checks, subscribes and unsubscribes', async (t) => {
  const url = await startHost(t);
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-client-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const document = join(folder, 'openapi.json');
  writeFileSync(document, await (await fetch(`${url}/openapi.json`)).text());

  await run(process.execPath, [new URL('test/client/generate.mjs', root).pathname, document, join(folder, 'made')]);
  writeFileSync(join(folder, 'made/trial.ts'), consumer);
  writeFileSync(join(folder, 'made/package.json'), '{"type":"module"}');
  const options =
    '--ignoreConfig --noEmit --strict --allowImportingTsExtensions --module esnext --moduleResolution bundler --target es2024 --lib es2024,dom,dom.iterable';
  const { stdout } = await run(process.execPath, [
    compiler,
    ...options.split(' '),
    '--types',
    '',
    join(folder, 'made/trial.ts'),
  ]).catch(
    // The compiler says on standard output what is wrong.
    (error: { readonly stdout: string }) => error,
  );
  t.is(stdout, '');

  const { trial } = (await import(pathToFileURL(join(folder, 'made/trial.ts')).href)) as {
    readonly trial: (url: string) => Promise<readonly unknown[]>;
  };
  t.deepEqual(await trial(url), [
    1,
    ['https://example.com/hooks'],
    ['healthy'],
    'Deleted',
    404,
    'No subscription 1 in this account; list them to see which there are.',
  ]);
});

async function startHost(t: ExecutionContext): Promise<string> {
  const engine = createEngine({
    storage: sqliteStorage({ filename: ':memory:' }),
    transports: [functionTransport({ send: () => undefined, schemes: ['https:'] })],
    catalog: ontraportCatalog,
  });
  await engine.start({ deliver: false });
  const app = express();
  const authenticate = ({ appId, apiKey }: { readonly appId: string; readonly apiKey: string }) =>
    appId === 'app' && apiKey === 'key' ? { accountId: 1 } : null;
  app.use('/1', webhooks(engine, { authenticate, documentation: {}, manage: true }));
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await engine.stop();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/1`;
}
