import { expect } from 'vitest'

/** What every error looks like, over HTTP and sockets alike. */
export const errorShape = {
  statusCode: expect.any(Number),
  code: expect.stringMatching(/^[a-z_]+$/),
  message: expect.any(String),
  path: expect.stringMatching(/\//),
  timestamp: expect.stringMatching(/Z$/),
  requestId: expect.any(String),
}
