import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('pages/', import.meta.url));

/** Every folder of `pages/` with a `main.tsx` is a page; the others hold what pages share. */
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /^[a-z]+\/main\.tsx$/.test(file));

/** swagger-ui comes bundled with libraries of others: its licence and theirs go with it. */
const swaggerLicences: Plugin = {
  name: 'swagger-licences',
  generateBundle() {
    const of = (file: string): string => readFileSync(new URL(import.meta.resolve(`swagger-ui-dist/${file}`)), 'utf8');
    const source = ['NOTICE', 'LICENSE', 'swagger-ui-es-bundle.js.LICENSE.txt'].map(of).join('\n');
    this.emitFile({ type: 'asset', fileName: 'swagger-ui.LICENSE.txt', source });
  },
};

export default defineConfig({
  root,
  base: './',
  plugins: [swaggerLicences],
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
    license: { fileName: 'LICENSES.md' },
    // swagger-ui, which comes once its page is there.
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: { input: pages.map((page) => root + page) },
  },
});
