import { fileURLToPath } from 'node:url';

export default {
  extensions: ['ts'],
  files: [
    'packages/*/test/**/*.test.ts',
    'test/**/*.test.ts',
    '!test/slow/**',
    '!test/pages/**',
    '!test/security/**',
    'examples/*/test/**/*.test.ts',
  ],
  nodeArguments: ['--conditions=source'],
  // What one file has compiled, the next ones and later runs need not compile again.
  environmentVariables: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
  timeout: '2m',
};
