// Writes the pages that come out of schemas and tables. With --check it writes nothing, and fails when they are stale.

import { generatedPages, stalePages, writePages } from './generated-pages.ts';

const pages = await generatedPages();
const stale = stalePages(pages);
if (!process.argv.includes('--check')) {
  writePages(pages);
  console.log(
    stale.length === 0 ? 'Nothing to do: all pages are up to date.' : `Wrote ${stale.map((name) => `docs/${name}`).join(', ')}.`,
  );
} else if (stale.length > 0) {
  for (const name of stale) console.error(`docs/${name} is stale: run npm run generate -w docs, and commit what it writes.`);
  process.exitCode = 1;
}
