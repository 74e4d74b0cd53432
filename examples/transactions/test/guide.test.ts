import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { readPage } from '../../../docs/src/page.ts';
import { root } from '../../../docs/src/pages.ts';

const sources = new URL('../src/', import.meta.url);
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const contents = new Map(files.map((file) => [file, readFileSync(new URL(file, sources), 'utf8')]));

/** What a block or a file makes `within` of, without what it imports. */
function gluesIn(code: string): readonly string[] {
  return [...code.matchAll(/^(?:export )?(const within = [^]*?;)$(?=\n\n|(?![^]))/gm)].map(([, glue = '']) => glue);
}

test('the guide makes `within` of each library as its example does, and the example of each as the guide', (t) => {
  const shown = readPage(root, 'docs/transactions.md').blocks.flatMap(({ code }) => gluesIn(code));
  const used = [...new Set([...contents.values()].flatMap(gluesIn))];
  t.deepEqual(shown.toSorted(), used.toSorted());
  t.is(used.length, 6, 'of all that needs some');
});
