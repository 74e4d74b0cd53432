import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, without a slash at the end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** The Markdown files that are checked, relative to the root: those at the root, the guides, and the READMEs of packages and examples. */
export function pageFiles(): readonly string[] {
  return [
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].filter((file) => existsSync(`${root}/${file}`)),
    ...names('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
    ...['packages', 'examples'].flatMap((folder) =>
      names(folder)
        .map((name) => `${folder}/${name}/README.md`)
        .filter((file) => existsSync(`${root}/${file}`)),
    ),
  ];
}

function names(folder: string): readonly string[] {
  return readdirSync(`${root}/${folder}`).toSorted();
}
