import { generateKeyPairSync } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { createSigner } from 'fast-jwt'
import { io, type Socket } from 'socket.io-client'
import { accessTokenAudience, accessTokenType, accounts } from '../../contracts/accounts.ts'
import { createOrigins } from '../../gateway/origins.ts'
import { createSessions } from '../../gateway/sessions.ts'
import { type SocketTimings, socketSettings } from '../../gateway/sockets/config.ts'
import { createSockets, type Sockets } from '../../gateway/sockets/index.ts'
import type { Bus, EventRecord, OutboxLog } from '../../kit/bus.ts'
import { createAnswer } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { type Contract, topicOf } from '../../kit/contract.ts'
import { createLocalBus } from '../../kit/local-bus.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics, type Metrics } from '../../kit/metrics.ts'
import { hostile } from '../../kit/testing.ts'

// biome-ignore lint/suspicious/noExplicitAny: handlers of many contracts; each test knows its own.
type AnyHandlers = Record<string, (input: any, call: any) => Promise<unknown>>

type Served = { contract: Contract; handlers: AnyHandlers }

export type StageOptions = {
  services: readonly Served[]
  settings?: Record<string, string>
  timings?: Partial<SocketTimings>
  /** Connections that presence says it does not know, once. */
  forgotten?: string[]
  /** The same port again, after a stage before it ended. */
  port?: number
  /** Answers plain requests, besides the sockets. */
  onRequest?: http.RequestListener
}

export type PresenceCall = { change: 'open' | 'close' | 'keep'; ids: string[]; userId?: string }

/** The gateway's sockets before stand-ins for services, with real tokens and a hostile bus. */
export type Stage = AsyncDisposable & {
  url: string
  port: number
  bus: Bus
  sockets: Sockets
  metrics: Metrics
  presence: PresenceCall[]
  token(userId: string, detail?: TokenDetail): string
  /** An event of a service, as its outbox would tell it. */
  announce(service: string, event: string, payload: Record<string, unknown>): void
  connect(userId: string, detail?: ConnectDetail): Promise<TestSocket>
  /** A socket of a client that has yet to be let in. */
  open(namespace: string, auth: Record<string, unknown>, detail?: ConnectDetail): Socket
  /** Ends all connections as a killed process would, and listens no more. */
  kill(): Promise<void>
}

export type TokenDetail = {
  sessionId?: string
  expiresInMs?: number
  role?: string
  confirmed?: boolean
  /** Signed by somebody else's key, under the name of ours. */
  forged?: boolean
}
export type ConnectDetail = { token?: string; headers?: Record<string, string>; namespace?: string }

export type TestSocket = {
  socket: Socket
  /** Every event that arrived, in order. */
  heard: [string, unknown][]
  call(event: string, ...args: unknown[]): Promise<unknown>
}

const issuer = 'https://stage.example'

export async function startStage(options: StageOptions): Promise<Stage> {
  const log = createLog('silent')
  const metrics = createMetrics()
  const bus = createLocalBus({ log, metrics, hostility: hostile })
  const outboxes = new Map<string, MemoryOutbox>()
  const keys = generateKeyPairSync('ed25519')
  const otherKeys = generateKeyPairSync('ed25519')
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'EdDSA' }
  const accountsHandlers: AnyHandlers = {
    getSigningKeys: async () => ({ issuer, keys: [jwk] }),
    listRevocations: async () => ({ sessions: [], users: [] }),
  }

  for (const { contract, handlers } of [
    { contract: accounts as Contract, handlers: accountsHandlers },
    ...options.services,
  ]) {
    const missing = Object.fromEntries(
      Object.keys(contract.operations).map((name) => [
        name,
        async () => {
          throw new Error(`The test has no ${contract.service}.${name}`)
        },
      ]),
    )
    const answer = createAnswer(contract, { ...missing, ...handlers }, { log, metrics })
    await bus.serve(contract, answer)
    const outbox = createMemoryOutbox(contract)
    outboxes.set(contract.service, outbox)
    await bus.relay(outbox.log)
  }

  const sessions = createSessions({ bus, log })
  await sessions.start()

  const presence: PresenceCall[] = []
  const server = http.createServer(
    options.onRequest ?? ((_request, response) => response.writeHead(404).end()),
  )
  const lines = new Set<TcpSocket>()
  server.on('connection', (line) => {
    lines.add(line)
    line.once('close', () => lines.delete(line))
  })
  const sockets = await createSockets({
    server,
    contracts: options.services.map(({ contract }) => contract),
    bus,
    sessions,
    presence: {
      async openConnection({ userId, connectionId }) {
        presence.push({ change: 'open', ids: [connectionId], userId })
        return {}
      },
      async closeConnection({ userId, connectionId }) {
        presence.push({ change: 'close', ids: [connectionId], userId })
        return {}
      },
      async keepConnections({ connectionIds }) {
        presence.push({ change: 'keep', ids: connectionIds })
        return { unknown: options.forgotten?.splice(0) ?? [] }
      },
    },
    config: socketSettings.parse(options.settings ?? {}),
    origins: createOrigins(issuer, []),
    readClient: ({ headers }) => ({
      ip: '192.0.2.1',
      userAgent: headers['user-agent'] ?? '',
      local: false,
    }),
    log,
    metrics,
    timings: { sweepMs: 20, ...options.timings },
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const opened: Socket[] = []

  function open(namespace: string, auth: Record<string, unknown>, detail: ConnectDetail = {}) {
    const socket = io(`${url}${namespace}`, {
      auth,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      ...(detail.headers && { extraHeaders: detail.headers }),
    })
    opened.push(socket)
    return socket
  }

  function token(userId: string, detail: TokenDetail = {}): string {
    const { expiresInMs = 60_000, sessionId = `session-of-${userId}` } = detail
    const { privateKey } = detail.forged ? otherKeys : keys
    const sign = createSigner({
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      algorithm: 'EdDSA',
      kid: 'one',
      header: { typ: accessTokenType } as never,
    })
    const now = Date.now()
    return sign({
      iss: issuer,
      aud: accessTokenAudience,
      sub: userId,
      sid: sessionId,
      role: detail.role ?? 'user',
      confirmed: detail.confirmed ?? true,
      iat: Math.floor(now / 1000) - 10,
      exp: Math.floor((now + expiresInMs) / 1000),
    })
  }

  async function kill(): Promise<void> {
    for (const line of lines) line.destroy()
    await Promise.all([sockets.close(), new Promise((resolve) => server.close(resolve))])
  }

  return {
    url,
    port,
    bus,
    sockets,
    metrics,
    presence,
    token,
    open,
    kill,
    announce(service, event, payload) {
      outboxes.get(service)?.add(event, payload)
    },
    async connect(userId, detail = {}) {
      const auth = { token: detail.token ?? token(userId) }
      const socket = open(detail.namespace ?? '/chat', auth, detail)
      const heard: [string, unknown][] = []
      socket.onAny((event, payload) => heard.push([event, payload]))
      await new Promise((resolve, reject) => {
        socket.once('connected', resolve)
        socket.once('connect_error', reject)
      })
      heard.length = 0
      return {
        socket,
        heard,
        call: (event, ...args) => socket.timeout(5_000).emitWithAck(event, ...args),
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of opened) socket.disconnect()
      await sessions.close()
      await kill()
      await bus.close()
    },
  }
}

type MemoryOutbox = {
  log: OutboxLog
  add(event: string, payload: Record<string, unknown>): void
}

function createMemoryOutbox(contract: Contract): MemoryOutbox {
  const entries: { position: number; record: EventRecord }[] = []
  const listeners: (() => void)[] = []
  return {
    log: {
      service: contract.service,
      topics: new Set(Object.keys(contract.events ?? {}).map((name) => topicOf(contract, name))),
      read: async (after, limit) => entries.slice(after, after + limit),
      offsets: async () => new Map(),
      saveOffset: async () => {},
      trim: async () => {},
      take: async (limit) => entries.slice(0, limit),
      remove: async () => {},
      lock: async () => undefined,
      onAppend: (listener) => void listeners.push(listener),
    },
    add(event, payload) {
      const { requestId, traceparent } = startCall('test')
      const definition = contract.events?.[event]
      if (!definition) throw new Error(`${contract.service} has no event ${event}`)
      const record: EventRecord = {
        id: crypto.randomUUID(),
        service: contract.service,
        event,
        topic: topicOf(contract, event),
        key: String(payload[definition.key]),
        payload: JSON.parse(JSON.stringify(definition.schema.parse(payload))),
        occurredAt: new Date().toISOString(),
        requestId,
        traceparent,
      }
      entries.push({ position: entries.length + 1, record })
      for (const listener of listeners) listener()
    },
  }
}
