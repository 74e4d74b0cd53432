import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { judge } from './judge.ts';
import { readMutant, readMutants } from './mutant.ts';
import { applyPatch, keepCopies } from './private-copy.ts';
import { describe, summarise, toJson } from './report.ts';
import { runMutants } from './run-mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sum = 'export const sum = (a: number, b: number): number => a + b;\n';

/** A repository of two packages, one of which uses the other, whose tests AVA runs. */
function smallRepository(t: ExecutionContext, patches: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-small-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const files: Readonly<Record<string, string>> = {
    '.gitignore': 'node_modules\nignored.txt\n',
    'ignored.txt': 'not for the copy\n',
    'package.json': '{ "type": "module" }\n',
    'ava.config.js': `export default { extensions: ['ts'], files: ['test/*.test.ts'] };\n`,
    'packages/sum/package.json': '{ "name": "@small/sum", "type": "module", "exports": "./sum.ts" }\n',
    'packages/sum/sum.ts': sum,
    'test/sum.test.ts': `import { sum } from '@small/sum';
import test from 'ava';

test('two and two are four', (t) => t.is(sum(2, 2), 4));
test('two and three are six', (t) => t.is(sum(2, 3), 6, 'this one is always red'));
`,
    ...Object.fromEntries(Object.entries(patches).map(([name, text]) => [`patches/${name}.patch`, text])),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  mkdirSync(join(folder, 'node_modules/@small'), { recursive: true });
  symlinkSync('../../packages/sum', join(folder, 'node_modules/@small/sum'));
  symlinkSync(join(root, 'node_modules/ava'), join(folder, 'node_modules/ava'));
  execFileSync('git', ['init', '-q'], { cwd: folder });
  return folder;
}

/** A patch that makes this of the sum. */
function patchTo(changed: string, title: string, before = sum): string {
  const header = `Bug: It is wrong\n  in two lines.\nBreaks: It is right.\nTest: test/sum.test.ts › ${title}\n\n`;
  return `${header}--- a/packages/sum/sum.ts\n+++ b/packages/sum/sum.ts\n@@ -1 +1 @@\n-${before}+${changed}`;
}

const product = sum.replace('a + b', 'a * b');
const four = 'two and two are four';

test('each mutant gets the verdict that it deserves', async (t) => {
  const folder = smallRepository(t, {
    killed: patchTo(sum.replace('a + b', 'a - b'), four),
    survivor: patchTo(product, four),
    stale: patchTo(product, four, sum.replace('sum =', 'total =')),
    'syntax-error': patchTo(sum.replace('a + b', 'a +'), four),
    'without-export': patchTo(sum.replace('export ', ''), four),
    'with-a-slip': patchTo(sum.replace('a + b', 'a + c'), four),
    'red-before': patchTo(product, 'two and three are six'),
    'no-such-test': patchTo(product, 'two and two are five'),
  });
  const copies = keepCopies(folder);
  t.teardown(copies.remove);
  const told: string[] = [];
  const trials = await runMutants(readMutants(join(folder, 'patches')), {
    copies,
    jobs: 2,
    green: false,
    postgresUrl: 'unused',
    onTrial: ({ mutant }) => told.push(mutant.name),
  });
  t.deepEqual(Object.fromEntries(trials.map(({ mutant, verdict }) => [mutant.name, verdict])), {
    killed: 'killed',
    'no-such-test': 'red before',
    'red-before': 'red before',
    stale: 'stale',
    survivor: 'survived',
    'syntax-error': 'broken',
    'with-a-slip': 'broken',
    'without-export': 'broken',
  });
  t.is(told.length, 8);
  const [first] = trials;
  t.deepEqual(first?.tests[0]?.redTests, [{ title: four, said: 'difference (- actual, + expected): - 0 + 4' }]);
  t.regex(describe(first!), /^killed +killed +\(.* s\)\n {4}two and two are four\n/);
  t.true(trials.slice(1).every(({ reason }) => reason !== ''));
  t.regex(summarise(trials, 1_000), /^\n8 mutants, 1 killed, 7 not, in 1\.0 s\n {2}RED BEFORE no-such-test\n/);
  t.like(JSON.parse(toJson(trials, 1_000)), { killed: 1, notKilled: 7, durationMs: 1_000 });
  t.is(readFileSync(join(folder, 'packages/sum/sum.ts'), 'utf8'), sum, 'the repository itself is left alone');
});

test('where tests are known to be green they are run with the mutants alone, and judged as before', async (t) => {
  const folder = smallRepository(t, {
    killed: patchTo(sum.replace('a + b', 'a - b'), four),
    survivor: patchTo(product, four),
    'with-a-slip': patchTo(sum.replace('a + b', 'a + c'), four),
    'no-such-test': patchTo(product, 'two and two are five'),
  });
  const copies = keepCopies(folder);
  t.teardown(copies.remove);
  const copied: string[] = [];
  const counting = { ...copies, make: (name: string) => (copied.push(name), copies.make(name)) };
  const trials = await runMutants(readMutants(join(folder, 'patches')), {
    copies: counting,
    jobs: 2,
    green: true,
    postgresUrl: 'unused',
    onTrial: () => undefined,
  });
  t.deepEqual(Object.fromEntries(trials.map(({ mutant, verdict }) => [mutant.name, verdict])), {
    killed: 'killed',
    'no-such-test': 'red before',
    survivor: 'survived',
    'with-a-slip': 'broken',
  });
  t.deepEqual(copied.toSorted(), ['job-1', 'job-2'], 'no copy is without a mutant');
});

test('a mutant whose test never ends is not killed, unless another test has failed', (t) => {
  const before = { passed: new Set(['a', 'b']), failed: new Map<string, string>(), crashes: [], hung: false };
  const after = { ...before, passed: new Set<string>(), hung: true };
  t.is(judge(before, after).verdict, 'hung');
  t.is(judge(before, { ...after, failed: new Map([['b', 'it is red']]) }).verdict, 'killed');
});

test('a copy is repaired of a patch, applied or not, and of a file that it has made', (t) => {
  const folder = smallRepository(t, {
    changed: patchTo(product, four),
    stale: patchTo(product, four, sum.replace('sum =', 'total =')),
    made: `--- /dev/null\n+++ b/packages/sum/made.ts\n@@ -0,0 +1 @@\n+export {};\n`,
  });
  const copies = keepCopies(folder);
  t.teardown(copies.remove);
  const copy = copies.make('x');
  for (const [name, applies] of Object.entries({ changed: true, stale: false, made: true })) {
    const patch = join(folder, `patches/${name}.patch`);
    t.is(applyPatch(copy, patch) === null, applies, name);
    copies.repair(copy, patch);
    t.is(readFileSync(join(copy, 'packages/sum/sum.ts'), 'utf8'), sum, name);
  }
  t.false(existsSync(join(copy, 'packages/sum/made.ts')));
});

test('a copy has what git would track, and leads to its own packages', (t) => {
  const folder = smallRepository(t, {});
  const copies = keepCopies(folder);
  t.teardown(copies.remove);
  const copy = copies.make('x');
  t.not(copies.make('x'), copy);
  t.true(existsSync(join(copy, 'test/sum.test.ts')));
  t.false(existsSync(join(copy, 'ignored.txt')));
  t.is(realpathSync(join(copy, 'node_modules/@small/sum')), realpathSync(join(copy, 'packages/sum')));
  t.is(realpathSync(join(copy, 'node_modules/ava')), realpathSync(join(root, 'node_modules/ava')));
  copies.remove();
  t.false(existsSync(copy));
});

test('a patch says what its bug is, what that breaks and which tests it must turn red', (t) => {
  const mutant = readMutant('/there/some-bug.patch', patchTo(product, four));
  t.like(mutant, { name: 'some-bug', bug: 'It is wrong in two lines.', breaks: 'It is right.' });
  t.deepEqual(mutant.tests, [{ file: 'test/sum.test.ts', match: four }]);
  const text = patchTo(product, four);
  for (const [wrong, message] of [
    [text.replace('Bug', 'Idea'), /line "Idea: It is wrong in two lines\."/],
    [text.replace(/^Breaks.*\n/m, ''), /needs one line "Breaks: …"/],
    [text.replace(/^Test.*\n/m, ''), /names no test/],
    [text.slice(0, text.indexOf('---')), /has no diff/],
  ] as const) {
    t.throws(() => readMutant('/there/some-bug.patch', wrong), { message });
  }
});

test('the command names its mutants, and refuses what it does not know', (t) => {
  const start = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['test/mutants/main.ts', ...args], { cwd: root, encoding: 'utf8' });
  const listed = start('--list');
  t.is(listed.status, 0, listed.stderr);
  const names = readMutants(join(root, 'test/mutants/patches')).map(({ name }) => name);
  t.deepEqual(listed.stdout.match(/^\S.*$/gm), names);
  t.true(names.length >= 20);
  for (const [args, message] of [
    [['--only', 'none-such'], /^--only has the unknown name "none-such"; --list shows all\.$/m],
    [['--jobs', '0'], /^--jobs is "0", but must be a whole number from 1 to 16\.$/m],
    [['--kill'], /Unknown option '--kill'/],
    [['no-fence-sqlite'], /Unexpected argument 'no-fence-sqlite'/],
  ] as const) {
    const refused = start(...args);
    t.is(refused.status, 2);
    t.regex(refused.stderr, message);
    t.is(refused.stdout, '');
  }
});
