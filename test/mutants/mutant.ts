import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where a mutant must turn a test red. */
export interface MutantTest {
  /** The test file, from the root of the repository. */
  readonly file: string;
  /** The titles to run, as AVA's `--match` takes them; null for all of the file. */
  readonly match: string | null;
}

/** A deliberate bug, as a patch with a header in plain words. */
export interface Mutant {
  /** The name of its patch, without the ending. */
  readonly name: string;
  /** What the bug is. */
  readonly bug: string;
  /** The promise that it breaks. */
  readonly breaks: string;
  /** Each of these must turn red. */
  readonly tests: readonly MutantTest[];
  /** The path of the patch. */
  readonly patch: string;
}

/** Reads every patch of a folder, in the order of their names. */
export function readMutants(folder: string): readonly Mutant[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.patch'));
  return names.toSorted().map((name) => readMutant(join(folder, name), readFileSync(join(folder, name), 'utf8')));
}

/**
 * Reads a patch with its header: `Bug:`, `Breaks:` and at least one `Test: FILE` or `Test: FILE › TITLES`, each of which
 * may go on in lines that begin with spaces.
 */
export function readMutant(path: string, text: string): Mutant {
  const name = basename(path, '.patch');
  const diffAt = text.search(/^--- /m);
  if (diffAt < 0) throw new Error(`${name}.patch has no diff: where a line would begin with "--- a/".`);
  const header = text
    .slice(0, diffAt)
    .trim()
    .replaceAll(/\n[ \t]+/g, ' ');
  const fields = header.split('\n').map((line) => /^(Bug|Breaks|Test): (.+)$/.exec(line) ?? refuse(name, line));
  const valuesOf = (field: string): string[] => fields.flatMap(([, found, value]) => (found === field ? [value!.trim()] : []));
  const only = (field: string): string => {
    const [value, ...others] = valuesOf(field);
    if (value === undefined || others.length > 0) throw new Error(`${name}.patch needs one line "${field}: …" above its diff.`);
    return value;
  };
  const tests = valuesOf('Test').map((value) => {
    const [file = '', match] = value.split(' › ');
    return { file: file.trim(), match: match === undefined ? null : match.trim() };
  });
  if (tests.length === 0) throw new Error(`${name}.patch names no test; add a line "Test: FILE › TITLES" above its diff.`);
  return { name, bug: only('Bug'), breaks: only('Breaks'), tests, patch: path };
}

function refuse(name: string, line: string): never {
  throw new Error(`${name}.patch has the line "${line}" above its diff; only "Bug:", "Breaks:" and "Test:" may stand there.`);
}
