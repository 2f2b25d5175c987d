import { defineConfig } from 'vitest/config'

// `npm run test:postgres`: what needs a store, on PostgreSQL, and what only PostgreSQL can show.
export default defineConfig({
  test: {
    include: [
      'services/**/*.test.ts',
      'gateway/idempotency/*.test.ts',
      'kit/{inbox,local-bus,service}.test.ts',
      'kit/db/*.test.ts',
      'tests/backends/postgres*.test.ts',
    ],
    exclude: ['kit/db/sqlite.test.ts'],
    globalSetup: 'tests/backends/postgres-database.ts',
    maxWorkers: 4,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})
