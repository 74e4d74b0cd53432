import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('pages/', import.meta.url));

/** Every folder of `pages/` with a `main.tsx` is a page; the others hold what pages share. */
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /^[a-z]+\/main\.tsx$/.test(file));

export default defineConfig({
  root,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('assets/', import.meta.url)),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    assetsDir: '.',
    // A data URI cannot be kept by the browser, and makes styles longer.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages.map((page) => root + page) },
  },
});
