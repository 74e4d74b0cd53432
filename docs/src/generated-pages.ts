import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, type FormatConfig } from 'oxfmt';
import { errorsPage } from './errors-page.ts';
import { optionOwners } from './option-owners.ts';
import { optionsPage } from './options-page.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const formatting = JSON.parse(readFileSync(new URL('../../.oxfmtrc.json', import.meta.url), 'utf8')) as FormatConfig;

/** A page that is written by these tools, as it should be now. */
export interface GeneratedPage {
  /** Its name in the docs folder. */
  readonly name: string;
  readonly text: string;
}

/** All generated pages, formatted as the repository formats everything. */
export async function generatedPages(): Promise<readonly GeneratedPage[]> {
  return [await formatted('options.md', optionsPage(optionOwners)), await formatted('errors.md', await errorsPage())];
}

async function formatted(name: string, text: string): Promise<GeneratedPage> {
  const { code, errors } = await format(name, text, formatting);
  if (errors[0]) throw new Error(`${name} cannot be formatted: ${errors[0].message}`);
  return { name, text: code };
}

/** The names of those pages whose files differ from what they should be. */
export function stalePages(pages: readonly GeneratedPage[], docsFolder: string = folder): readonly string[] {
  return pages.filter(({ name, text }) => textOf(join(docsFolder, name)) !== text).map(({ name }) => name);
}

/** Writes the pages. */
export function writePages(pages: readonly GeneratedPage[]): void {
  for (const { name, text } of pages) writeFileSync(join(folder, name), text);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
