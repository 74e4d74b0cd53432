import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { spread } from './statistics.ts';

/** Where a result comes from: figures of two machines cannot be compared, ratios hardly. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted to run when the bench began, over the last minute. */
  readonly load: number;
  /** What it takes the disk of temporary files to make 4 KiB durable, in milliseconds. */
  readonly syncMs: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    syncMs: measureSync(),
  };
}

function measureSync(): number {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-'));
  const file = openSync(join(folder, 'sync'), 'w');
  const page = Buffer.alloc(4_096);
  const times: number[] = [];
  for (let written = 0; written < 20; written += 1) {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
  return spread(times, 2).median;
}

const packages = [
  '@hookwell/core',
  '@hookwell/adapters',
  'undici',
  'better-sqlite3',
  'pg',
  'kysely',
  'bullmq',
  'ioredis',
  'pg-boss',
  'graphile-worker',
] as const;

/** The versions of the packages that take part: those of all contestants, if no others are named. */
export function describeVersions(names: readonly string[] = packages): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const name of names) {
    const file = findPackageJSON(name, import.meta.url);
    if (file === undefined) throw new Error(`the package "${name}" is not installed; run npm install`);
    versions[name] = (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  }
  return versions;
}
