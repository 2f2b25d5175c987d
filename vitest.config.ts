import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{kit,gateway,services,client,tests,bin}/**/*.test.ts'],
    // These need servers of their own, and are started by their own commands.
    exclude: ['tests/{backends,chaos,split,web}/**'],
    maxWorkers: 4,
    // Files of one worker share its modules, which are read once: a third less to compute.
    isolate: false,
    testTimeout: 15_000,
    hookTimeout: 15_000,
  },
})
