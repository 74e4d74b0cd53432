import config from './ava.config.js';

/** What needs a browser: Debian's Chromium, or the one that CHROMIUM names. One file after the other, each with its own browser. */
export default { ...config, files: ['test/pages/**/*.test.ts'], concurrency: 1, timeout: '5m' };
