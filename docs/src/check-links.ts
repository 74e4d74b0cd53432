import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Page, Problem } from './page.ts';

/**
 * Finds relative links that lead nowhere: to a file that does not exist, or to a heading that its page does not have.
 *
 * @param root the folder to which the pages' files are relative
 */
export function checkLinks(pages: readonly Page[], root: string): readonly Problem[] {
  const byFile = new Map(pages.map((page) => [page.file, page]));
  return pages.flatMap((page) =>
    page.links.flatMap(({ target, line }) => {
      const message = problemOf(page, target, byFile, root);
      return message === null ? [] : [{ file: page.file, line, message }];
    }),
  );
}

function problemOf(page: Page, target: string, pages: ReadonlyMap<string, Page>, root: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(target)) return `the link "${target}" is neither relative nor one to the web`;
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? page.file : posix.normalize(posix.join(posix.dirname(page.file), decodeURI(path)));
  if (file.startsWith('..')) return `the link "${target}" leads out of the repository`;
  if (!existsSync(`${root}/${file}`)) return `the link "${target}" leads to "${file}", which does not exist`;
  if (anchor === undefined) return null;
  const linked = pages.get(file);
  if (linked === undefined) {
    const kind = statSync(`${root}/${file}`).isDirectory() ? 'a folder' : 'no page that is checked';
    return `the link "${target}" names a heading, but "${file}" is ${kind}`;
  }
  if (linked.anchors.has(anchor)) return null;
  return `the link "${target}" names a heading that "${file}" does not have; it has ${[...linked.anchors].join(', ')}`;
}
