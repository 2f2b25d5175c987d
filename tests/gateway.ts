import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import * as z from 'zod'
import { accessTokenAudience, accessTokenType, accounts } from '../contracts/accounts.ts'
import { gatewayConfig } from '../gateway/config.ts'
import type { HealthCheck } from '../gateway/health.ts'
import type { GatewayTables } from '../gateway/idempotency/tables.ts'
import { createGateway } from '../gateway/index.ts'
import type { EventRecord } from '../kit/bus.ts'
import { createAnswer } from '../kit/call.ts'
import type { Actor, CallContext } from '../kit/context.ts'
import { defineContract, type EventName, type EventOf, topicOf } from '../kit/contract.ts'
import { Failure } from '../kit/failure.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import type { SharedWindows } from '../kit/redis/windows.ts'
import { openTestStores, temporaryFolder } from '../kit/testing.ts'

const Thing = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Thing' })
const name = z.string().min(1).max(5000)
const Tokens = z.object({ accessToken: z.string(), refreshToken: z.string().optional() })

/** A small product for the tests of the gateway: one operation for each thing that it does. */
export const shop = defineContract({
  service: 'shop',
  summary: 'A shop for the tests of the gateway',
  operations: {
    listThings: {
      summary: 'List things',
      http: 'GET /things',
      access: 'public',
      input: z.strictObject({
        limit: z.int().min(1).max(100).default(20),
        sold: z.boolean().optional(),
        ids: z.array(z.int()).optional(),
      }),
      output: z.object({ items: z.array(Thing), given: z.record(z.string(), z.unknown()) }),
    },
    getThing: {
      summary: 'One thing',
      http: 'GET /things/{id}',
      access: 'public',
      input: z.strictObject({ id: z.string().max(200) }),
      output: Thing,
      errors: { thing_not_found: 404 },
    },
    createThing: {
      summary: 'Make a thing',
      http: 'POST /things',
      status: 201,
      access: 'public',
      input: z.strictObject({ name }),
      output: Thing,
      errors: { name_taken: 409 },
    },
    renameThing: {
      summary: 'Rename a thing',
      http: 'PATCH /things/{id}',
      access: 'member',
      input: z.strictObject({ id: z.string(), name }),
      output: Thing,
    },
    deleteThings: {
      summary: 'Delete everything',
      http: 'DELETE /things',
      access: 'admin',
      input: z.strictObject({}),
      output: z.object({}),
    },
    describeCall: {
      summary: 'How the call looks to a service',
      http: 'GET /call',
      access: 'public',
      input: z.strictObject({}),
      output: z.object({ call: z.record(z.string(), z.unknown()) }),
    },
    getSelf: {
      summary: 'Who calls',
      http: 'GET /self',
      access: 'session',
      input: z.strictObject({}),
      output: z.object({ id: z.string() }),
    },
    breakDown: {
      summary: 'Goes wrong in a way of choice',
      http: 'POST /break',
      access: 'public',
      input: z.strictObject({ how: z.enum(['bug', 'declared', 'late', 'unavailable']) }),
      output: z.object({}),
      errors: { mail_unavailable: 502 },
    },
    signIn: {
      summary: 'Begin a session',
      http: 'POST /sign-in',
      access: 'public',
      tier: 'auth',
      input: z.strictObject({ name }),
      output: Tokens,
      errors: { wrong_credentials: 401 },
      cookie: { write: 'refreshToken' },
    },
    renew: {
      summary: 'Renew a session',
      http: 'POST /renew',
      access: 'public',
      input: z.strictObject({ refreshToken: z.string().optional() }),
      output: Tokens.extend({ was: z.string().nullable(), caller: z.string().nullable() }),
      cookie: { read: 'refreshToken', write: 'refreshToken' },
    },
    signOut: {
      summary: 'End a session',
      http: 'POST /sign-out',
      access: 'public',
      input: z.strictObject({ refreshToken: z.string().optional() }),
      output: z.object({}),
      cookie: { read: 'refreshToken', clear: true },
    },
    sendCode: {
      summary: 'Send a code',
      http: 'POST /codes',
      access: 'public',
      tier: 'otp',
      input: z.strictObject({}),
      output: z.object({}),
    },
    upload: {
      summary: 'Upload',
      http: 'POST /files',
      access: 'public',
      tier: 'upload',
      input: z.strictObject({ data: z.string() }),
      output: z.object({ size: z.int() }),
    },
    countThings: {
      summary: 'Only for other services',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
  },
  events: {
    thingMade: {
      summary: 'A thing was made',
      key: 'id',
      schema: Thing,
      push: [{ socket: '/chat thing:new', room: 'thing:{id}' }],
    },
  },
})

// biome-ignore lint/suspicious/noExplicitAny: each handler has its own types.
type AnyHandler = (input: any, call: any) => Promise<unknown>
type ShopHandlers = { [O in keyof (typeof shop)['operations']]?: AnyHandler }

function createShop(made: string[]): Required<ShopHandlers> {
  const byId = (id: string) => ({ id, name: `thing ${id}` })
  const tokens = () => ({ accessToken: 'access', refreshToken: randomUUID() })
  return {
    listThings: async (input) => ({ items: [byId('1')], given: input }),
    async getThing({ id }) {
      if (id === 'none') throw new Failure('thing_not_found', 404)
      return byId(id)
    },
    async createThing({ name }) {
      if (name === 'taken') throw new Failure('name_taken', 409)
      made.push(name)
      return { id: String(made.length), name }
    },
    renameThing: async ({ id, name }) => ({ id, name }),
    deleteThings: async () => ({}),
    describeCall: async (_, call: CallContext) => ({ call }),
    getSelf: async (_, call) => ({ id: call.actor.id }),
    async breakDown({ how }) {
      made.push(how)
      if (how === 'declared') throw new Failure('mail_unavailable', 502, 'smtp.internal is down')
      if (how === 'unavailable') throw new Failure('unavailable', 503, 'db-7 is down')
      if (how === 'late') await new Promise(() => {})
      throw new Error('secret detail')
    },
    async signIn({ name }) {
      if (name === 'wrong') throw new Failure('wrong_credentials', 401)
      made.push(name)
      return tokens()
    },
    renew: async ({ refreshToken }, call: CallContext) => ({
      ...tokens(),
      was: refreshToken ?? null,
      caller: call.actor?.id ?? null,
    }),
    signOut: async () => ({}),
    sendCode: async () => ({}),
    upload: async ({ data }) => ({ size: data.length }),
    countThings: async () => ({}),
  }
}

export type TestedGateway = Awaited<ReturnType<typeof testGateway>>

export type GatewayTestOptions = {
  /** Where it counts requests together with others. */
  windows?: SharedWindows | undefined
  environment?: Record<string, string>
  /** A folder to keep the database in, to open it again. */
  folder?: string
  webFolder?: string
  handlers?: ShopHandlers
  accounts?: Record<string, AnyHandler>
  healthChecks?: Record<string, HealthCheck>
}

export const issuer = 'http://localhost:3000'

/** A signer of access tokens, as the service that signs them would be. */
export function createKeyPair(kid = 'key-1') {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' }
  const encode = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

  /** Signs whatever it is given, also what should never be signed. */
  function signParts(header: unknown, claims: unknown): string {
    const text = `${encode(header)}.${encode(claims)}`
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
  }
  const header = { alg: 'EdDSA', typ: accessTokenType, kid }
  function claimsOf(actor: Partial<Actor> = {}) {
    const iat = Math.floor(Date.now() / 1000)
    return {
      iss: issuer,
      aud: accessTokenAudience,
      sub: actor.id ?? 'ann',
      sid: actor.sessionId ?? `session-of-${actor.id ?? 'ann'}`,
      role: actor.role ?? 'user',
      confirmed: actor.confirmed ?? true,
      iat,
      exp: iat + 900,
    }
  }
  const signToken = (actor: Partial<Actor> = {}) => signParts(header, claimsOf(actor))
  return { kid, jwk, publicKey, header, claimsOf, signParts, signToken }
}

/** How busy the machine of the tests is makes no difference to what they are about. */
const patient = { MAX_EVENT_LOOP_DELAY_MS: '60000' }

/** The gateway on a bus of its own with a real store, before a shop and the accounts' stand-in. */
export async function testGateway(options: GatewayTestOptions = {}) {
  const temporary = options.folder ? undefined : temporaryFolder()
  const folder = options.folder ?? temporary?.path ?? ''
  const log = createLog('silent')
  const metrics = createMetrics()
  const local = createLocalBus({ log, metrics })
  const watchers: { topics: readonly string[]; listener: (record: EventRecord) => void }[] = []
  const bus = {
    ...local,
    watch: async (topics: readonly string[], listener: (record: EventRecord) => void) => {
      watchers.push({ topics, listener })
    },
  }
  const keys = createKeyPair()
  const made: string[] = []
  const missing = Object.keys(accounts.operations).map((operation) => [
    operation,
    async () => Promise.reject(new Error(`The test gives no accounts.${operation}`)),
  ])
  const accountsHandlers = {
    ...Object.fromEntries(missing),
    getSigningKeys: async () => ({ issuer, keys: [keys.jwk] }),
    listRevocations: async () => ({ sessions: [], users: [] }),
    ...options.accounts,
  }
  await bus.serve(accounts, createAnswer(accounts, accountsHandlers, { log, metrics }))
  const handlers = { ...createShop(made), ...options.handlers }
  await bus.serve(shop, createAnswer(shop, handlers, { log, metrics }))

  const stores = openTestStores(folder)
  const store = await stores.open<GatewayTables>('gateway')
  const gateway = await createGateway({
    contracts: [accounts, shop],
    bus,
    store,
    config: gatewayConfig.parse({ PORT: '0', ...patient, ...options.environment }),
    log,
    metrics,
    version: '1.2.3',
    dataFolder: folder,
    ...(options.healthChecks && { healthChecks: options.healthChecks }),
    ...(options.webFolder && { webFolder: options.webFolder }),
    windows: options.windows,
  })
  await gateway.sessions.start()
  let closed = false

  return {
    ...gateway,
    store,
    keys,
    /** What the shop has been made to do, in order. */
    made,
    /** An event of accounts passes. */
    announce<E extends EventName<typeof accounts>>(
      event: E,
      payload: EventOf<typeof accounts, E>,
      occurredAt = new Date().toISOString(),
    ) {
      const topic = topicOf(accounts, event)
      const record = { topic, event, payload, occurredAt } as EventRecord
      for (const { topics, listener } of watchers) if (topics.includes(topic)) listener(record)
    },
    as: (actor: Partial<Actor> = {}) => ({ authorization: `Bearer ${keys.signToken(actor)}` }),
    async close() {
      if (closed) return
      closed = true
      await gateway.close()
      await bus.close()
      await store.close()
      await stores.close()
      if (temporary) await stores.forget()
      temporary?.[Symbol.dispose]()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
}
