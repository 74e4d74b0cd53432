// Builds the pages of the express plugin with Vite, unless what was built is newer than all that it is made of.

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const plugin = fileURLToPath(new URL('../packages/express-plugin/', import.meta.url));
const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const sources = [
  `${plugin}vite.config.ts`,
  `${plugin}../../package-lock.json`,
  ...readdirSync(`${plugin}pages`, { recursive: true, encoding: 'utf8' }).map((file) => `${plugin}pages/${file}`),
];
const builtAt = modified(`${plugin}assets/manifest.json`);

if (process.argv.includes('--force') || sources.some((file) => modified(file) > builtAt)) {
  // What Vite says goes to standard error: a script's standard output is its own.
  const { status } = spawnSync('npx', ['vite', 'build', '--logLevel', 'warn'], {
    cwd: plugin,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
