// Generates a client from an OpenAPI document: generate.mjs DOCUMENT FOLDER. A package of its own, because the generator
// needs the compiler's JavaScript API, which TypeScript has up to 6.

import { createClient } from '@hey-api/openapi-ts';

const [input, path] = process.argv.slice(2);

await createClient({
  input,
  output: { path, module: { extension: '.ts' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
  logs: { level: 'error', file: false },
});
