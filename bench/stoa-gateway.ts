// Stoa's real gateway in front of one trivial operation, so that what is measured is the gateway.
import { once } from 'node:events'
import fs from 'node:fs'
import * as z from 'zod'
import { accounts } from '../contracts/accounts.ts'
import { gatewayConfig } from '../gateway/config.ts'
import type { GatewayTables } from '../gateway/idempotency/tables.ts'
import { createGateway } from '../gateway/index.ts'
import { createAnswer } from '../kit/call.ts'
import { readConfig, readEnvironment } from '../kit/config.ts'
import { defineContract } from '../kit/contract.ts'
import { createSqliteStores } from '../kit/db/store.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import type { Handlers } from '../kit/service.ts'
import { createNote, Note, NoteInput } from './lib/note.ts'
import { createFolder } from './lib/stoa.ts'
import { issuer } from './lib/token.ts'

const notes = defineContract({
  service: 'notes',
  summary: 'What gateways are compared by',
  operations: {
    createNote: {
      summary: 'Take a note',
      http: 'POST /notes',
      status: 201,
      access: 'member',
      input: NoteInput,
      output: Note,
    },
  },
})

const handlers: Handlers<typeof notes> = {
  createNote: async (input, call) => createNote(input, call.actor.id),
}

const { own, gateway: config } = readConfig(
  { own: z.object({ PUBLIC_KEY: z.string() }), gateway: gatewayConfig },
  readEnvironment(),
)
const folder = createFolder()
const log = createLog('warn')
const metrics = createMetrics()
const bus = createLocalBus({ log, metrics })
await bus.serve(notes, createAnswer(notes, handlers, { log, metrics }))
await bus.serve(accounts, async (operation) =>
  operation === 'getSigningKeys'
    ? { issuer, keys: [JSON.parse(own.PUBLIC_KEY)] }
    : { sessions: [], users: [] },
)

const stores = createSqliteStores(folder)
const store = await stores.open<GatewayTables>('gateway')
const gateway = await createGateway({
  contracts: [notes],
  bus,
  store,
  config,
  log,
  metrics,
  version: 'bench',
})
await gateway.listen()
await once(process, 'SIGTERM')
await gateway.close()
await bus.close()
await store.close()
await stores.close()
fs.rmSync(folder, { recursive: true })
