import { defineConfig } from 'vitest/config'

// `npm run test:split`: what only real brokers can show. They must be running.
export default defineConfig({
  test: {
    include: ['tests/{backends,split}/**/*.test.ts'],
    exclude: ['tests/backends/postgres*'],
    globalSetup: 'tests/split/lib/build.ts',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
