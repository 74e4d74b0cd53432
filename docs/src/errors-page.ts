import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { createEngine, HookwellError, type HookwellErrorCode } from '@hookwell/core';
import { failureOf } from '../../packages/express-plugin/src/contract/failure.ts';
import { errorExamples, exampleOptions, type ExampleContext } from './error-examples.ts';
import { errorTexts, type ErrorText } from './error-texts.ts';

const intro = `# Errors

<!-- Written by \`npm run generate -w docs\` from docs/src/error-texts.ts. Change that, not this page. -->

Every error that Hookwell throws is a \`HookwellError\`. Its \`code\` is one of those below and changes only with a major
version; its \`message\` names the value, the rule and the way out, and may be worded differently in any version; \`value\`
is the offending value, never a secret; \`cause\` is the error underneath, if any. \`HookwellError.is(error, 'not_found')\`
works across copies of the package.

What goes wrong with a delivery is not thrown: see the log of attempts, and [operations](operations.md).
`;

/** The page of all errors, with messages as they are thrown now. */
export async function errorsPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-docs-'));
  const engine = createEngine(exampleOptions());
  await engine.start({ deliver: false });
  try {
    const sections: string[] = [];
    for (const code of Object.keys(errorTexts).toSorted() as HookwellErrorCode[]) {
      sections.push(section(code, errorTexts[code], await messageOf(code, { folder, engine })));
    }
    return [intro, ...sections].join('\n');
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function messageOf(code: HookwellErrorCode, context: ExampleContext): Promise<string> {
  try {
    await errorExamples[code](context);
  } catch (error) {
    if (HookwellError.is(error, code)) return error.message.replaceAll(`${context.folder}${sep}`, '');
    throw new Error(`The example of "${code}" in docs/src/error-examples.ts throws something else.`, { cause: error });
  }
  throw new Error(`The example of "${code}" in docs/src/error-examples.ts throws nothing any more.`);
}

function section(code: HookwellErrorCode, { when, wayOut, overHttp }: ErrorText, message: string): string {
  const answer = overHttp ? answerOf(code, message) : 'No request of a client leads to it.';
  return `## ${code}\n\n${when}\n\n> ${message}\n\n**The way out.** ${wayOut}\n\n**Over the wire contract.** ${answer}\n`;
}

/** What the Express plugin answers, by its own code. */
function answerOf(code: HookwellErrorCode, message: string): string {
  const { status, text, ours } = failureOf(new HookwellError(code, message));
  if (status < 500) return `${status}, with the message.`;
  return `${status}: “${text}”${ours ? ' The error is told as `error` on `engine.events`.' : ''}`;
}
