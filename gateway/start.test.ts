import { expect, test } from 'vitest'
import { accounts } from '../contracts/accounts.ts'
import { createAnswer } from '../kit/call.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import { eventually } from '../kit/testing.ts'
import { createSessions } from './sessions.ts'

test('before it is known which sessions have ended, no token is taken', async () => {
  const log = createLog('silent')
  const metrics = createMetrics()
  const bus = createLocalBus({ log, metrics })
  const sessions = createSessions({ bus, log })
  const started = sessions.start()

  await expect(sessions.authenticate('a.b.c')).rejects.toMatchObject({ code: 'unavailable' })
  expect(sessions.ready()).toBe(false)

  const missing = Object.keys(accounts.operations).map((name) => [name, async () => ({})])
  const handlers = {
    ...Object.fromEntries(missing),
    listRevocations: async () => ({ sessions: [], users: [] }),
    getSigningKeys: async () => ({ issuer: 'https://stoa.example', keys: [] }),
  }
  await bus.serve(accounts, createAnswer(accounts, handlers, { log, metrics }))
  await started
  await eventually(sessions.ready)
  await expect(sessions.authenticate('a.b.c')).rejects.toMatchObject({ code: 'unauthenticated' })
  await sessions.close()
  await bus.close()
})
