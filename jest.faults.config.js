import config from './jest.config.js';

/** The full fault suite: slow, and its times are limits. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/faults/**/*.faults.ts'],
  maxWorkers: 1,
  testTimeout: 60_000,
};
