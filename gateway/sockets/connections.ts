import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Namespace, Server, Socket } from 'socket.io'
import type { Client } from '../../kit/context.ts'
import { type Failure, kitFailure } from '../../kit/failure.ts'
import type { Logger } from '../../kit/log.ts'
import { networkOf } from '../client.ts'
import { toErrorBody, toFailure } from '../errors.ts'
import type { Session, Sessions } from '../sessions.ts'
import type { SocketConfig, SocketTimings } from './config.ts'
import { type Bucket, createBucket, isEmpty, type Limit, take } from './limits.ts'
import { type Member, type Rooms, userRoom } from './rooms.ts'

/** What sockets need of the gateway's sessions. */
export type SocketSessions = Pick<Sessions, 'authenticate' | 'isCurrent' | 'onRevoked'>

/** One socket of one user in one namespace. */
export type Connection = Member & {
  rooms: Rooms
  line: Line
  session: Session
  /** When the client was told that its token has expired. */
  toldAt: number | undefined
  /** Why it must not go on, when that turned out before it had begun. */
  refusal: Failure | undefined
  /** Whether it has got as far as to be told of. */
  opened: boolean
  /** What its user has sent, over all sockets. */
  sent: Bucket
}

/** One WebSocket, whatever namespaces it carries. */
export type Line = {
  engine: Socket['conn']
  client: Client
  authorization: string | undefined
  connections: Set<Connection>
  idleSince: number
}

type Person = { connections: Set<Connection>; sent: Bucket }

export type ConnectionsOptions = {
  io: Server
  sessions: SocketSessions
  config: SocketConfig
  timings: SocketTimings
  log: Logger
  readClient(request: IncomingMessage): Client
  /** Names the rooms of a user who connects to a namespace. */
  listRooms(namespace: string, userId: string): Promise<string[]>
  onOpen(connection: Connection): void
  onClose(connection: Connection): void
  onEvent(connection: Connection, event: unknown, args: unknown[]): void
}

export type Connections = ReturnType<typeof createConnections>

/** Who is connected: lets people in, keeps them while their session lasts, and sees them off. */
export function createConnections(options: ConnectionsOptions) {
  const { io, sessions, config, timings, log } = options
  const lines = new Map<Socket['conn'], Line>()
  const people = new Map<string, Person>()
  const connects = new Map<string, Bucket>()
  const connectLimit: Limit = { amount: config.SOCKET_CONNECTS_PER_MINUTE, perMs: 60_000 }

  io.engine.on('connection', (engine: Socket['conn']) => {
    const { request } = engine
    const line: Line = {
      engine,
      client: options.readClient(request),
      authorization: request.headers.authorization,
      connections: new Set(),
      idleSince: Date.now(),
    }
    lines.set(engine, line)
    engine.once('close', () => {
      lines.delete(engine)
      for (const connection of line.connections) forget(connection)
    })
    // The request is the largest thing an idle connection would hold on to. A listener inside
    // Engine.IO keeps its shell until the end, so it is emptied as well.
    Object.assign(engine, { request: null })
    Object.assign(request, { headers: {}, rawHeaders: [], websocket: undefined, res: undefined })
  })

  function forget(connection: Connection): void {
    const { line, userId } = connection
    if (!line.connections.delete(connection)) return
    if (line.connections.size === 0) line.idleSince = Date.now()
    const person = people.get(userId)
    person?.connections.delete(connection)
    if (person?.connections.size === 0) people.delete(userId)
    if (connection.opened) options.onClose(connection)
  }

  /** Connecting costs a signature check and a call: an address may not ask for it without end. */
  function countConnect(ip: string): void {
    const network = networkOf(ip)
    const bucket = connects.get(network) ?? createBucket()
    connects.set(network, bucket)
    const retryAfter = take(bucket, connectLimit, Date.now())
    if (retryAfter > 0) throw kitFailure('rate_limited', 'Too many connections.', { retryAfter })
  }

  async function admit(socket: Socket, rooms: Rooms): Promise<Connection> {
    const line = lines.get(socket.conn)
    if (!line) throw kitFailure('unavailable', 'The connection is closed.')
    countConnect(line.client.ip)
    const token = readToken(socket.handshake.auth.token) ?? readToken(line.authorization)
    if (!token) throw kitFailure('unauthenticated', 'Connect with an access token.')
    const session = await sessions.authenticate(token)

    const person = people.get(session.id) ?? { connections: new Set(), sent: createBucket() }
    if (person.connections.size >= config.SOCKETS_PER_USER) {
      throw kitFailure('rate_limited', 'You have too many connections open.', { retryAfter: 10 })
    }
    const connection: Connection = {
      socket,
      userId: session.id,
      changes: new Map(),
      rooms,
      line,
      session,
      toldAt: undefined,
      refusal: undefined,
      opened: false,
      sent: person.sent,
    }
    people.set(session.id, person)
    person.connections.add(connection)
    line.connections.add(connection)
    try {
      void socket.join(userRoom(session.id))
      const listed = await options.listRooms(socket.nsp.name, session.id)
      if (connection.refusal) throw connection.refusal
      if (!lines.has(line.engine)) throw kitFailure('unavailable', 'The connection is closed.')
      rooms.joinListed(connection, listed)
      return connection
    } catch (error) {
      forget(connection)
      throw error
    }
  }

  /** Lets sockets into a namespace. */
  function welcome(namespace: Namespace, rooms: Rooms): void {
    const admitted = new WeakMap<Socket, Connection>()
    namespace.use((socket, next) => {
      admit(socket, rooms).then(
        (connection) => {
          admitted.set(socket, connection)
          next()
        },
        (error) => next(toConnectError(error, namespace.name, log)),
      )
    })
    namespace.on('connection', (socket) => {
      const connection = admitted.get(socket)
      if (!connection || connection.refusal) return void socket.disconnect(true)
      connection.opened = true
      // The token has served: nothing of it stays in memory.
      socket.handshake.auth = {}
      socket.on('disconnect', () => forget(connection))
      socket.onAny((event, ...args) => options.onEvent(connection, event, args))
      options.onOpen(connection)
      socket.emit('connected', {
        userId: connection.userId,
        connectionId: socket.id,
        expiresAt: new Date(connection.session.expiresAt).toISOString(),
      })
    })
  }

  /** Ends a connection whose user may not go on; the client shall not simply come back. */
  function drop(connection: Connection, failure: Failure): void {
    connection.refusal = failure
    const { socket } = connection
    if (!socket.connected) return
    socket.emit('exception', toErrorBody(failure, socket.nsp.name, randomUUID()))
    socket.disconnect(true)
  }

  sessions.onRevoked(({ userId, sessionId }) => {
    for (const connection of [...(people.get(userId)?.connections ?? [])]) {
      const { session } = connection
      const concerned = sessionId === undefined || sessionId === session.sessionId
      if (!concerned || sessions.isCurrent(session)) continue
      drop(connection, kitFailure('unauthenticated', 'The session has ended.'))
    }
  })

  function* all(): Generator<Connection> {
    for (const { connections } of lines.values()) yield* connections
  }

  /** Takes the place of timers and counters that each connection would otherwise carry. */
  function sweep(): void {
    const now = Date.now()
    for (const line of [...lines.values()]) {
      if (line.connections.size === 0 && now - line.idleSince > timings.idleMs) {
        line.engine.close()
      } else if (unsentBytes(line.engine) > config.SOCKET_BUFFER_KB * 1024) {
        log.info({ event: 'socket.too_slow' })
        cutOff(line.engine)
      } else {
        for (const connection of [...line.connections]) remindOrDrop(connection, now)
      }
    }
    for (const [network, bucket] of connects) {
      if (isEmpty(bucket, connectLimit, now)) connects.delete(network)
    }
  }

  function remindOrDrop(connection: Connection, now: number): void {
    if (connection.session.expiresAt > now) return
    const { toldAt, socket } = connection
    if (toldAt === undefined) {
      connection.toldAt = now
      socket.emit('exception', toErrorBody(expired(), socket.nsp.name, randomUUID()))
    } else if (now - toldAt >= timings.renewGraceMs) {
      drop(connection, expired())
    }
  }

  const sweeping = setInterval(sweep, timings.sweepMs)
  sweeping.unref()

  return {
    welcome,
    all,
    lines,
    of: (userId: string): Iterable<Connection> => people.get(userId)?.connections ?? [],

    /** A fresh token of the same user prolongs the connection. */
    async renew(connection: Connection, input: unknown): Promise<{ expiresAt: string }> {
      countConnect(connection.line.client.ip)
      const token = readToken((input as { token?: unknown } | null)?.token)
      if (!token) throw kitFailure('invalid_input', 'token: An access token is expected.')
      const session = await sessions.authenticate(token)
      if (session.id !== connection.userId) {
        throw kitFailure('forbidden', 'The token belongs to somebody else.')
      }
      Object.assign(connection, { session, toldAt: undefined })
      return { expiresAt: new Date(session.expiresAt).toISOString() }
    },

    stop(): void {
      clearInterval(sweeping)
    },
  }
}

/** Refusal of what comes with a token that has expired meanwhile. */
export function expired(): Failure {
  return kitFailure('unauthenticated', 'jwt expired: send session:renew with a new access token.')
}

function readToken(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 8_192) return undefined
  return value.replace(/^Bearer +/i, '') || undefined
}

function toConnectError(error: unknown, path: string, log: Logger): Error {
  const failure = toFailure(error)
  const data = toErrorBody(failure, path, randomUUID())
  if (failure.code === 'internal') {
    log.error({ event: 'socket.connect_failed', requestId: data.requestId, err: error })
  }
  return Object.assign(new Error(data.message), { data })
}

/** The parts of `ws` and of Engine.IO that tell how far a reader is behind. */
type Inside = {
  writeBuffer?: readonly { data?: { length?: number } }[]
  transport: { socket?: { bufferedAmount?: number; terminate?(): void } }
}

function unsentBytes(engine: Socket['conn']): number {
  const { writeBuffer = [], transport } = engine as unknown as Inside
  let bytes = transport.socket?.bufferedAmount ?? 0
  for (const { data } of writeBuffer) bytes += data?.length ?? 0
  return bytes
}

/** Ends a connection that does not read: a polite close would wait behind all that is unsent. */
function cutOff(engine: Socket['conn']): void {
  ;(engine as unknown as Inside).transport.socket?.terminate?.()
}
