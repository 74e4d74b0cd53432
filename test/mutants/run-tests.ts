import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';

/** What came of a run of AVA. */
export interface TestRun {
  readonly passed: ReadonlySet<string>;
  /** By title, what was said against each. */
  readonly failed: ReadonlyMap<string, string>;
  /** What went wrong outside of any test, such as a file that cannot be loaded. */
  readonly crashes: readonly string[];
  /** Whether a test kept the run from coming to its end. */
  readonly hung: boolean;
}

/** How long a test may take beyond the one before it, and all of a run together, in milliseconds. */
const quietMs = 30_000;
const wholeMs = 120_000;
/** How long a run may take to end once a test has failed, which may have left something open. */
const endMs = 5_000;

/** What a test is run with. */
export interface TestEnvironment {
  /** A server for the tests that need one, so that not every run has to start its own. */
  readonly postgresUrl: string;
}

/** Runs the tests of one file whose titles match, all of them when there are no patterns. */
export async function runTests(
  copy: string,
  file: string,
  patterns: readonly string[],
  { postgresUrl }: TestEnvironment,
): Promise<TestRun> {
  const ava = join(copy, 'node_modules/ava/entrypoints/cli.js');
  const matches = patterns.map((pattern) => `--match=${pattern}`);
  const child = spawn(process.execPath, [ava, '--tap', `--timeout=${quietMs}ms`, ...matches, file], {
    cwd: copy,
    env: { ...process.env, CI: '1', FORCE_COLOR: '0', HOOKWELL_TEST_POSTGRES_URL: postgresUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: wholeMs,
    killSignal: 'SIGKILL',
  });
  let ending: NodeJS.Timeout | undefined;
  child.stdout.on('data', (part: Buffer) => {
    if (/^not ok /m.test(part.toString())) ending ??= setTimeout(() => child.kill('SIGKILL'), endMs);
  });
  const [tap, said, [, signal]] = await Promise.all([readAll(child.stdout), readAll(child.stderr), once(child, 'close')]);
  clearTimeout(ending);
  // AVA's own way to tell of such a test with --tap ends in an error.
  const hung = signal !== null || said.includes('writeTimeout');
  const run = readTap(tap);
  return tap.includes('TAP version') ? { ...run, hung } : { ...run, hung, crashes: [firstLineOf(said) ?? 'AVA said nothing'] };
}

/** Reads what AVA prints with `--tap`. */
export function readTap(tap: string): Omit<TestRun, 'hung'> {
  const passed = new Set<string>();
  const failed = new Map<string, string>();
  const crashes: string[] = [];
  for (const result of tap.split(/^(?=(?:not )?ok \d+ - )/m)) {
    const [, not, title] = /^(not )?ok \d+ - (.*)$/m.exec(result) ?? [];
    if (title === undefined) continue;
    const details = /^ {2}---\n([\s\S]*?)^ {2}\.\.\.$/m.exec(result)?.[1] ?? '';
    if (not === undefined) passed.add(title);
    else if (isCrash(title, details)) crashes.push([title, whatWasSaid(details)].filter((text) => text !== '').join(': '));
    else failed.set(title, whatWasSaid(details));
  }
  return { passed, failed, crashes };
}

/** What AVA reports in the place of a test when a file cannot be loaded, or its process comes to grief. */
function isCrash(title: string, details: string): boolean {
  if (/^No tests found in | exited (?:with a non-zero exit code|due to)/.test(title)) return true;
  return /^(?:file:\/\/|[A-Za-z]*Error\b)/.test(title) && !/^ {4}assertion: /m.test(details);
}

/** The sentence that says most: of the error that was thrown, of the assertion, or what was different. */
function whatWasSaid(details: string): string {
  const thrown = /^ {6,}(?:\S.*)?message: (?:'(.+?)'|"(.+?)"|`(.+?)`?),?$/m.exec(details)?.slice(1).find(Boolean);
  const own = /^ {4}message: (?:[>|]-\n((?: {6}.*\n)+)|(.+)$)/m.exec(details)?.slice(1).find(Boolean);
  const values = /^ {4}details:\n((?: {6}.*\n)+)/m.exec(details)?.[1];
  const sentences = [thrown, own, values].map((text) => oneLine(text ?? ''));
  return sentences.find((text) => text !== '' && text !== "''") ?? '';
}

function oneLine(text: string): string {
  const [sentence = ''] = text.split('␊');
  const bare = sentence.replace(/'Difference (\(- actual, \+ expected\)):': \|\d?-?/, 'difference $1:');
  return bare.replaceAll(/\s+/g, ' ').trim();
}

function firstLineOf(said: string): string | null {
  const lines = said.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '') ?? null;
}
