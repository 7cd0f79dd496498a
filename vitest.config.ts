import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes (Redis, JVMs, a cluster) are started by the tests: a slow machine needs patience, not a race.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // Many tests wait more than they work: three of them keep two cores busy.
    maxWorkers: 3,
    // Three thousand tests with real processes on a shared machine: in CI one that fails is tried once more, and named.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
