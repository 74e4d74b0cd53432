import { availableParallelism } from 'node:os';
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
  // Many files wait for a server or a clock most of the time.
  concurrency: 2 * availableParallelism(),
  nodeArguments: ['--conditions=source'],
  // What one file has compiled, the next ones and later runs need not compile again.
  environmentVariables: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
  timeout: '2m',
};
