import type { CodeBlock, Page, Problem } from './page.ts';

/** Languages under other names, by which a block would escape its check. */
const misnamed: Readonly<Record<string, string>> = {
  typescript: 'ts',
  tsx: 'ts',
  mts: 'ts',
  cts: 'ts',
  javascript: 'js',
  jsx: 'js',
  mjs: 'js',
  cjs: 'js',
  jsonc: 'json',
  json5: 'json',
};
const checked = new Set(['ts', 'js', 'json']);

/** Finds blocks that are JSON and are not valid, and blocks that try to get round their check. */
export function checkBlocks(pages: readonly Page[]): readonly Problem[] {
  return pages.flatMap(({ file, blocks }) =>
    blocks.flatMap((block) => problemsOf(block).map(({ line, message }) => ({ file, line: block.line + line, message }))),
  );
}

type Found = Pick<Problem, 'line' | 'message'>;

/** Problems with their lines counted from the first line of the block, which is 0. */
function problemsOf(block: CodeBlock): readonly Found[] {
  const { language, meta, code, context } = block;
  const right = misnamed[language.toLowerCase()];
  if (right !== undefined) return [{ line: -1, message: `call the language of this block "${right}", so that it is checked` }];
  const problems: Found[] = [];
  if (checked.has(language) && meta !== '') {
    problems.push({
      line: -1,
      message: `every ${language} block is checked: nothing may stand behind the language, such as "${meta}"`,
    });
  }
  if (context.length > 0 && language !== 'ts') {
    problems.push({ line: -1, message: 'only a ts block can have a "with:" comment before it' });
  }
  for (const [line, text] of code.split('\n').entries()) {
    if (/@ts-(nocheck|ignore)/.test(text)) problems.push({ line, message: 'no example may switch its check off' });
  }
  return language === 'json' ? [...problems, ...jsonProblems(code)] : problems;
}

function jsonProblems(code: string): readonly Found[] {
  try {
    JSON.parse(code);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const offset = /at position (\d+)/.exec(message)?.[1];
    const line = offset === undefined ? code.split('\n').length - 1 : code.slice(0, Number(offset)).split('\n').length - 1;
    return [{ line, message: `not valid JSON: ${message}` }];
  }
}
