// Checks every Markdown file of the repository: its code compiles, its JSON parses, its links lead somewhere.

import { checkBlocks } from './check-blocks.ts';
import { checkCode } from './check-code.ts';
import { checkLinks } from './check-links.ts';
import { readPage } from './page.ts';
import { pageFiles, root } from './pages.ts';

const pages = pageFiles().map((file) => readPage(root, file));
const problems = [...checkBlocks(pages), ...checkCode(pages), ...checkLinks(pages, root)];
for (const { file, line, message } of problems) console.error(`${file}:${line}: ${message}`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${pages.length} pages, ${pages.flatMap(({ blocks }) => blocks).length} blocks: nothing is wrong.`);
