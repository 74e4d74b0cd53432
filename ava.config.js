export default {
  extensions: ['ts'],
  files: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
  nodeArguments: ['--conditions=source'],
  timeout: '2m',
};
