import { defineConfig } from 'vitest/config'
import web from './vitest.web.config.ts'

/** `npm run test:web:split`: the journeys of the web app before processes apart, on real servers. */
export default defineConfig({
  test: {
    ...web.test,
    include: ['tests/web/*.test.ts'],
    exclude: [
      // They write into the database of one process, or kill it.
      'tests/web/chat-{history,killed}.test.ts',
      // Nothing in them depends on what is behind the address.
      'tests/web/{reach-desk,reach-phone,frame,chat-keyboard,chat-markup}.test.ts',
    ],
    globalSetup: ['tests/web/lib/prepare.ts', 'tests/split/lib/build.ts'],
    env: { STOA_TEST_BUS: 'kafka' },
  },
})
