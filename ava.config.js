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
  timeout: '2m',
};
