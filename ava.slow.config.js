import config from './ava.config.js';

/** What takes long, or measures time and so must not share the machine with other tests. */
export default { ...config, files: ['test/slow/**/*.test.ts'], concurrency: 1, timeout: '10m' };
