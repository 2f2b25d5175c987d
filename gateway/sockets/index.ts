import { randomUUID } from 'node:crypto'
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { Gauge } from 'prom-client'
import * as z from 'zod'
import type { Bus } from '../../kit/bus.ts'
import { type Client, startCall } from '../../kit/context.ts'
import type { Contract } from '../../kit/contract.ts'
import { kitFailure } from '../../kit/failure.ts'
import type { Logger } from '../../kit/log.ts'
import type { Metrics } from '../../kit/metrics.ts'
import type { Tracing } from '../../kit/tracing/tracing.ts'
import { toErrorBody } from '../errors.ts'
import type { Origins } from '../origins.ts'
import { defaultTimings, type SocketConfig, type SocketTimings } from './config.ts'
import { createConnections, type SocketSessions } from './connections.ts'
import { createOperations } from './operations.ts'
import { createPresence, type PresenceClient } from './presence.ts'
import { namespacesOf, startPushes } from './pushes.ts'
import { createRooms, type Rooms } from './rooms.ts'
import { openSocketServer } from './server.ts'

export type SocketsOptions = {
  server: HttpServer
  contracts: readonly Contract[]
  bus: Bus
  sessions: SocketSessions
  /** Whoever keeps people's presence, when it runs. */
  presence?: PresenceClient
  config: SocketConfig
  /** Whether this is the only gateway. */
  alone?: boolean
  /** The same rule as for HTTP; a request without an origin comes from no browser. */
  origins: Origins
  readClient(request: IncomingMessage): Client
  log: Logger
  metrics: Metrics
  timings?: Partial<SocketTimings>
  tracing?: Tracing | undefined
}

export type Sockets = {
  connections(): number
  /** Lets nobody in any more, and sends everybody away with a time to return at. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** The Socket.IO half of the gateway: everything it does is read from the contracts. */
export async function createSockets(options: SocketsOptions): Promise<Sockets> {
  const { contracts, bus, config, metrics, tracing } = options
  const timings = { ...defaultTimings, ...options.timings }
  const log = options.log.child({ part: 'sockets' })
  const gatewayId = randomUUID()
  let draining = false

  const io = openSocketServer(options.server, {
    allowEIO3: config.SOCKET_OLD_CLIENTS,
    refusalOf(request) {
      if (draining) return 'The server is stopping'
      const { origin } = request.headers
      if (origin === undefined || options.origins.isAllowed(origin, request)) return undefined
      return 'Origin not allowed'
    },
  })

  const receive = createOperations({
    contracts,
    bus,
    config,
    log,
    tracing,
    renew: (connection, input) => connections.renew(connection, input),
  })
  const connections = createConnections({
    io,
    sessions: options.sessions,
    config,
    timings,
    log,
    readClient: options.readClient,
    listRooms: createRoomLister(contracts, bus),
    onOpen: (connection) => presence?.open(connection),
    onClose: (connection) => presence?.close(connection),
    onEvent: (connection, event, args) => void receive(connection, event, args),
  })
  const presence =
    options.presence &&
    createPresence({
      client: options.presence,
      gatewayId,
      alone: options.alone ?? false,
      everyMs: timings.presenceMs,
      log,
      all: connections.all,
    })

  const countOpen = () => connections.lines.size
  new Gauge({
    name: openConnections,
    help: 'Open WebSocket connections',
    labelNames: ['gateway'],
    registers: [metrics.registry],
    collect() {
      this.set({ gateway: gatewayId }, countOpen())
    },
  })

  const roomsByNamespace = new Map<string, Rooms>()
  for (const name of namespacesOf(contracts)) {
    const namespace = io.of(name)
    const rooms = createRooms(namespace)
    roomsByNamespace.set(name, rooms)
    connections.welcome(namespace, rooms)
  }
  const names = [...roomsByNamespace.keys()].join(', ')
  io.of('/').use((socket, next) => {
    // Old clients enter it unasked, on their way to another.
    if (socket.conn.protocol === 3) return next()
    const failure = kitFailure('not_found', `Connect to a namespace: ${names}.`)
    next(
      Object.assign(new Error(failure.message), { data: toErrorBody(failure, '/', randomUUID()) }),
    )
  })

  /** Everybody comes back a moment later, spread over time, and catches up. */
  function sendAway(): void {
    for (const { socket } of [...connections.all()]) {
      socket.emit('reconnect:hint', { inMs: Math.round(Math.random() * timings.returnMs) })
    }
    // Closed without a farewell of Socket.IO, after which clients would not come back.
    for (const { engine } of [...connections.lines.values()]) engine.close()
  }

  await startPushes({ contracts, bus, roomsByNamespace, connections, tracing, onGap: sendAway })
  presence?.start()

  return {
    connections: countOpen,
    async drain() {
      draining = true
      sendAway()
      const until = Date.now() + timings.drainMs
      while (connections.lines.size > 0 && Date.now() < until) await pause(10)
    },
    async close() {
      connections.stop()
      io.engine.close()
      await presence?.stop()
      metrics.registry.removeSingleMetric(openConnections)
    },
  }
}

const openConnections = 'websocket_connections_active'

const RoomList = z.object({ rooms: z.array(z.string()) })

/** Asks each service that has rooms in a namespace for those of one user. */
function createRoomLister(contracts: readonly Contract[], bus: Bus) {
  return async (namespace: string, userId: string): Promise<string[]> => {
    const lists = await Promise.all(
      contracts.map(async (contract) => {
        const operation = contract.roomsAtConnect?.[namespace as `/${string}`]
        if (!operation) return []
        const answer = await bus.call(contract, operation, { userId }, startCall('gateway'))
        return RoomList.parse(answer).rooms
      }),
    )
    return lists.flat()
  }
}
