import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exampleContext } from './example-context.ts';
import type { CodeBlock, Page, Problem } from './page.ts';

const cache = fileURLToPath(new URL('../.cache', import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** The strictness of the repository, less what makes no sense in an example: it may declare what it does not use. */
const config = {
  extends: '../../../tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    allowJs: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    customConditions: ['source'],
  },
};

/** A block in a file of its own. */
interface Example {
  readonly page: Page;
  readonly block: CodeBlock;
  /** Lines that were put in front of it. */
  readonly prelude: number;
}

/**
 * Compiles every `ts` block as a module of its own, and reads every `js` block for its syntax. A block that begins with a
 * comment such as `// crm.ts` is a file of that name, which other blocks of its page can import.
 *
 * @param contexts what a `with:` comment can name: lines of code that are put in front of the block
 */
export function checkCode(
  pages: readonly Page[],
  contexts: Readonly<Record<string, string>> = exampleContext,
): readonly Problem[] {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'examples-'));
  try {
    const problems: Problem[] = [];
    const examples = new Map<string, Example>();
    for (const page of pages) {
      for (const block of page.blocks) {
        if (block.language !== 'ts' && block.language !== 'js') continue;
        const { prelude, name, problem } = placed(page, block, contexts);
        if (problem !== undefined || examples.has(name)) {
          const message = problem ?? 'another block of this page has the same name of a file in its first line';
          problems.push({ file: page.file, line: block.line - 1, message });
          continue;
        }
        const file = join(folder, name);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${prelude}${block.code}\n`);
        examples.set(name, { page, block, prelude: prelude.split('\n').length - 1 });
      }
    }
    if (examples.size === 0) return problems;
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, files: [...examples.keys()] }));
    return [...problems, ...compile(folder, examples)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a block is compiled, and what is put in front of it. */
interface Placed {
  readonly name: string;
  readonly prelude: string;
  readonly problem?: string;
}

function placed(
  { file }: Page,
  { code, language, line, context }: CodeBlock,
  contexts: Readonly<Record<string, string>>,
): Placed {
  const given = fileNameOf(code);
  const name = `${file.replaceAll(/[^A-Za-z0-9]+/g, '-')}/${given ?? `line-${line}.${language}`}`;
  const unknown = context.find((one) => !Object.hasOwn(contexts, one));
  const prelude = context.map((one) => `${contexts[one]?.trim()}\n`).join('');
  if (unknown === undefined) return { name, prelude };
  const known = Object.keys(contexts).join(', ');
  return { name, prelude, problem: `there is no context "${unknown}" in docs/src/example-context.ts; it has ${known}` };
}

/** The name of the file that a block says it is, in its first line: `// crm.mjs`. */
export function fileNameOf(code: string): string | undefined {
  return /^\/\/ ([a-z][a-z.-]*\.(?:ts|js|mjs))$/.exec(code.split('\n', 1)[0] ?? '')?.[1];
}

function compile(folder: string, examples: ReadonlyMap<string, Example>): readonly Problem[] {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) throw error;
  const problems: Problem[] = [];
  let elsewhere = 0;
  for (const said of stdout.split(/\n(?=\S)/)) {
    const found = /^(?<file>[^(\n]+)\((?<line>\d+),\d+\): (?<message>[\s\S]*)$/.exec(said.trimEnd())?.groups;
    const example = examples.get(found?.['file'] ?? '');
    if (found && example) problems.push(located(example, Number(found['line']), found['message'] ?? ''));
    // The sources of the packages are compiled along, and have a check of their own.
    else if (found?.['file']?.startsWith('../')) elsewhere += 1;
    else if (said.trim() !== '') throw new Error(`The compiler said what is about no example: ${said}`);
  }
  if (status !== 0 && problems.length + elsewhere === 0) throw new Error(`The compiler failed: ${stderr || `status ${status}`}`);
  return problems;
}

function located({ page, block, prelude }: Example, line: number, message: string): Problem {
  const inContext = line <= prelude ? ` (in its context: ${block.context.join(', ')})` : '';
  return { file: page.file, line: Math.max(block.line + line - 1 - prelude, block.line - 1), message: `${message}${inContext}` };
}
