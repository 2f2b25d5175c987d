import { defineConfig } from 'vitest/config'

/** `npm run test:web`: the web app in a real browser, before the real server. */
export default defineConfig({
  test: {
    include: ['tests/web/**/*.test.ts'],
    // Needs servers: `npm run test:web:split` has it.
    exclude: ['tests/web/apart.test.ts'],
    globalSetup: ['tests/web/lib/prepare.ts'],
    maxWorkers: 2,
    // Browsers take their time on a busy machine; waits end as soon as what they wait for is there.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 15_000 } },
  },
})
