import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** The repository as it was when the run began, and copies of it in which a bug harms nobody. */
export interface Copies {
  /** Makes a copy of its own, where `node_modules` leads to the copy's packages. */
  readonly make: (name: string) => string;
  /** Makes the files of a copy that a patch names what they were, whatever became of them. */
  readonly repair: (copy: string, patch: string) => void;
  readonly remove: () => void;
}

/** Keeps what git tracks, or would track, and makes copies of that. */
export function keepCopies(root: string): Copies {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-mutants-'));
  const kept = join(folder, 'kept');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  for (const file of new Set(listed.split('\0'))) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(kept, file)), { recursive: true });
    cpSync(join(root, file), join(kept, file));
  }
  let copies = 0;
  return {
    make(name) {
      copies += 1;
      const copy = join(folder, `${copies}-${name}`);
      cpSync(kept, copy, { recursive: true });
      linkModules(root, copy, copy);
      return copy;
    },
    repair(copy, patch) {
      for (const [, file = ''] of readFileSync(patch, 'utf8').matchAll(/^(?:---|\+\+\+) [ab]\/(.+)$/gm)) {
        rmSync(join(copy, file), { force: true });
        if (existsSync(join(kept, file))) cpSync(join(kept, file), join(copy, file));
      }
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Links to what is installed, and to the copy's own packages where the installed ones are those of the workspace. */
function linkModules(root: string, copy: string, at: string): void {
  const installed = join(root, relative(copy, at), 'node_modules');
  if (existsSync(installed)) linkAll(installed, join(at, 'node_modules'));
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'node_modules') linkModules(root, copy, join(at, entry.name));
  }
}

function linkAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '.cache') continue;
    const source = join(from, name);
    if (lstatSync(source).isSymbolicLink()) symlinkSync(readlinkSync(source), join(to, name));
    else if (name.startsWith('@')) linkAll(source, join(to, name));
    else symlinkSync(source, join(to, name));
  }
}

/** Applies a patch to a copy, wherever its lines have moved to; says what git said against it, or null. */
export function applyPatch(copy: string, patch: string): string | null {
  const { status, stderr } = spawnSync('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', patch], {
    cwd: copy,
    encoding: 'utf8',
    // Never that of a repository in which the copy happens to be.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy), LC_ALL: 'C' },
  });
  return status === 0 ? null : stderr.trim();
}
