import config from './ava.config.js';

/** What tries to turn the engine against its host. It counts connections and handles, so one file has the machine to itself. */
export default { ...config, files: ['test/security/**/*.test.ts'], concurrency: 1, timeout: '10m' };
