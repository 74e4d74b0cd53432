import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as functionAdapter from '@hookwell/adapters/function';
import * as httpAdapter from '@hookwell/adapters/http';
import * as postgresAdapter from '@hookwell/adapters/postgres';
import * as sqliteAdapter from '@hookwell/adapters/sqlite';
import * as core from '@hookwell/core';
import * as openTelemetry from '@hookwell/core/opentelemetry';
import * as prometheus from '@hookwell/core/prometheus';
import * as expressPlugin from '@hookwell/express-plugin';
import * as postgresRateLimits from '@hookwell/express-plugin/postgres-rate-limits';
import test, { type ExecutionContext } from 'ava';
import { checkBlocks } from '../docs/src/check-blocks.ts';
import { checkCode } from '../docs/src/check-code.ts';
import { checkLinks } from '../docs/src/check-links.ts';
import { generatedPages, stalePages } from '../docs/src/generated-pages.ts';
import { optionOwners } from '../docs/src/option-owners.ts';
import { parsePage, readPage, type Page, type Problem } from '../docs/src/page.ts';
import { pageFiles, root } from '../docs/src/pages.ts';

const pages = pageFiles().map((file) => readPage(root, file));
const inWords = (problems: readonly Problem[]): string[] =>
  problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);

test('the pages of options and errors are what the schemas and the errors say now', async (t) => {
  t.deepEqual(stalePages(await generatedPages()), [], 'run npm run generate -w docs');
});

test('every schema of options that a package exports is on the page of options', (t) => {
  const shown = new Set<unknown>(optionOwners.map(({ schema }) => schema));
  for (const exported of [
    core,
    openTelemetry,
    prometheus,
    functionAdapter,
    httpAdapter,
    sqliteAdapter,
    postgresAdapter,
    expressPlugin,
    postgresRateLimits,
  ]) {
    for (const [name, value] of Object.entries(exported)) if (name.endsWith('OptionsSchema')) t.true(shown.has(value), name);
  }
  t.is(shown.size, optionOwners.length);
});

test('every TypeScript example compiles, in strict mode, against the packages as they are', (t) => {
  t.true(pages.flatMap(({ blocks }) => blocks).filter(({ language }) => language === 'ts').length > 20);
  t.deepEqual(inWords(checkCode(pages)), []);
});

test('every JSON example is valid, and no example gets round its check', (t) => {
  t.deepEqual(inWords(checkBlocks(pages)), []);
});

test('every relative link and anchor leads somewhere', (t) => {
  t.deepEqual(inWords(checkLinks(pages, root)), []);
});

test('every guide is in the index', (t) => {
  const linked = new Set(pages.find(({ file }) => file === 'docs/README.md')?.links.map(({ target }) => `docs/${target}`));
  for (const { file } of pages) if (file.startsWith('docs/')) t.true(linked.has(file) || file === 'docs/README.md', file);
});

test('a page that was not generated again is stale', async (t) => {
  const folder = temporaryFolder(t);
  const names = (await generatedPages()).map(({ name }) => name);
  t.deepEqual(stalePages(await generatedPages(), folder), names, 'no file at all');
  for (const { name, text } of await generatedPages())
    writeFileSync(join(folder, name), text.replace('(1 minute)', '(2 minutes)'));
  t.deepEqual(stalePages(await generatedPages(), folder), ['options.md']);
});

test('an example that does not compile is told with its line, whether the mistake is in it or in its context', (t) => {
  const page = pageOf(`
    # Guide

    <!-- with: engine, broken -->

    \`\`\`ts
    const fine = 1;
    await engine.emit('sub_tga(3)', { accountId: 1, objectType: 0, record: { id: 1 } });
    \`\`\`

    <!-- with: nothing -->

    \`\`\`ts
    const y = 1;
    \`\`\`

    \`\`\`ts
    import { somethingElse } from '@hookwell/core';
    const implicit = (parameter) => parameter;
    \`\`\`
  `);
  const engine = `import type { Engine } from '@hookwell/core';\ndeclare const engine: Engine<'sub_tag'>;`;
  const problems = inWords(checkCode([page], { engine, broken: 'const broken: string = 1;' }));
  const expected = [
    /^docs\/guide\.md:12: there is no context "nothing"/,
    /^docs\/guide\.md:5: error TS2322: .*\(in its context: engine, broken\)$/,
    /^docs\/guide\.md:7: error TS2345: .*sub_tga/s,
    /^docs\/guide\.md:17: error TS2305: .*somethingElse/,
    /^docs\/guide\.md:18: error TS7006: .*implicitly has an 'any' type/,
  ];
  for (const one of expected)
    t.true(
      problems.some((problem) => one.test(problem)),
      `${one}\n${problems.join('\n')}`,
    );
  t.is(problems.length, expected.length, problems.join('\n'));
});

test('an example in JavaScript is read for its syntax', (t) => {
  const page = parsePage('docs/guide.md', '```js\nconst x = ;\n```\n\n```js\nconst x = unknown;\n```\n');
  t.deepEqual(inWords(checkCode([page])), ['docs/guide.md:2: error TS1109: Expression expected.']);
});

test('a block can import another one of its page by the name in its first line, and no two may have the same', (t) => {
  const block = (name: string, code: string): string => `\`\`\`ts\n// ${name}\n${code}\n\`\`\`\n`;
  const plugin = block('plugin.ts', 'export const one = 1;');
  const use = block('use.ts', "import { one } from './plugin.ts';\nconst text: number = one;");
  t.deepEqual(checkCode([parsePage('docs/guide.md', `${plugin}\n${use}`)]), []);
  t.regex(inWords(checkCode([parsePage('docs/guide.md', `${plugin}\n${plugin}`)])).join(), /^docs\/guide\.md:6: .*same name/);
});

test('a block cannot get round its check by another name for its language, an option, a comment, or broken JSON', (t) => {
  const page = pageOf(`
    \`\`\`typescript
    const x: string = 1;
    \`\`\`

    \`\`\`ts no-check
    const x: string = 1;
    \`\`\`

    \`\`\`ts
    const y = 1;
    // @ts-ignore
    const x: string = 1;
    \`\`\`

    \`\`\`json
    {
      "a": 1,
      "b": 2,
    }
    \`\`\`

    <!-- with: engine -->

    \`\`\`js
    engine.stop();
    \`\`\`
  `);
  const problems = inWords(checkBlocks([page]));
  const expected = [
    /^docs\/guide\.md:1: call the language of this block "ts"/,
    /^docs\/guide\.md:5: .*nothing may stand behind the language, such as "no-check"/,
    /^docs\/guide\.md:11: no example may switch its check off/,
    /^docs\/guide\.md:19: not valid JSON/,
    /^docs\/guide\.md:24: only a ts block can have a "with:" comment/,
  ];
  for (const [index, one] of expected.entries()) t.regex(problems[index] ?? '', one);
  t.is(problems.length, expected.length, problems.join('\n'));
});

test('a link to a file, a heading or a folder that is not there is told with its line', (t) => {
  const folder = temporaryFolder(t);
  const first = pageOf(`
    # One & two

    [fine](#one--two), [fine](other.md), [fine](other.md#below), [fine](https://example.com/x#y), [fine](.)

    [a](missing.md)
    [b](#two)
    [c](other.md#nothing)
    ![d](picture.svg)
    [e](../../outside.md)
    [f](/docs/other.md)
    [g](.#heading)

    [h]: gone.md
  `);
  const other = parsePage('docs/other.md', '# Other\n\n## Below\n');
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs/other.md'), '');
  writeFileSync(join(folder, 'docs/guide.md'), '');
  const problems = inWords(checkLinks([first, other], folder));
  const expected = [
    /^docs\/guide\.md:5: .*"docs\/missing\.md", which does not exist/,
    /^docs\/guide\.md:6: .*a heading that "docs\/guide\.md" does not have; it has one--two/,
    /^docs\/guide\.md:7: .*a heading that "docs\/other\.md" does not have; it has other, below/,
    /^docs\/guide\.md:8: .*picture\.svg/,
    /^docs\/guide\.md:9: .*leads out of the repository/,
    /^docs\/guide\.md:10: .*neither relative nor one to the web/,
    /^docs\/guide\.md:11: .*is a folder/,
    /^docs\/guide\.md:13: .*gone\.md/,
  ];
  for (const [index, one] of expected.entries()) t.regex(problems[index] ?? '', one);
  t.is(problems.length, expected.length, problems.join('\n'));
});

/** A page of that text, less the indentation that it has here. */
function pageOf(text: string): Page {
  return parsePage('docs/guide.md', text.replaceAll(/^ {4}/gm, '').trim());
}

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-docs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
