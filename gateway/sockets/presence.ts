import type { users } from '../../contracts/users.ts'
import type { ClientOf } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { repeat } from '../../kit/job.ts'
import type { Logger } from '../../kit/log.ts'
import type { Connection } from './connections.ts'

/** The operations by which whoever knows people's presence is told of their connections. */
export type PresenceClient = Pick<
  ClientOf<typeof users>,
  'openConnection' | 'closeConnection' | 'keepConnections'
>

export type PresenceOptions = {
  client: PresenceClient
  gatewayId: string
  /** Whether no other gateway runs, so that what others left behind is over. */
  alone: boolean
  everyMs: number
  log: Logger
  all(): Iterable<Connection>
}

const keptAtOnce = 1_000

/**
 * Tells of connections that open and close, and again and again of those that are open: what
 * was lost on the way, and what a killed gateway left behind, is put right by that.
 */
export function createPresence(options: PresenceOptions) {
  const { client, gatewayId, alone, everyMs, log } = options
  const opening = new Map<string, Promise<void>>()
  const closing = new Set<Promise<void>>()

  const keeping = repeat({
    name: 'gateway.presence',
    everyMs,
    log,
    async run() {
      const byId = new Map(
        [...options.all()].map((connection) => [connection.socket.id, connection]),
      )
      const ids = [...byId.keys()]
      // Also when there are none: that ends what another gateway left behind.
      for (let from = 0; from === 0 || from < ids.length; from += keptAtOnce) {
        const connectionIds = ids.slice(from, from + keptAtOnce)
        const input = { gatewayId, connectionIds, alone }
        const { unknown } = await client.keepConnections(input, startCall('gateway'))
        for (const id of unknown) {
          const connection = byId.get(id)
          if (connection?.socket.connected) open(connection)
        }
      }
    },
  })

  function open(connection: Connection): void {
    const { id } = connection.socket
    const told = tell('openConnection', connection).finally(() => opening.delete(id))
    opening.set(id, told)
  }

  async function tell(change: 'openConnection' | 'closeConnection', connection: Connection) {
    const { userId, socket } = connection
    const input = { userId, connectionId: socket.id, gatewayId }
    try {
      await client[change](input, startCall('gateway'))
    } catch (error) {
      log.warn({ event: 'presence.untold', change, err: error })
    }
  }

  return {
    start(): void {
      keeping.start()
      keeping.wake()
    },
    open,
    /** Told after its opening, however soon it follows. */
    close(connection: Connection): void {
      const before = opening.get(connection.socket.id)
      const told = Promise.resolve(before).then(() => tell('closeConnection', connection))
      closing.add(told)
      void told.finally(() => closing.delete(told))
    },
    async stop(): Promise<void> {
      await keeping.stop()
      await Promise.all([...opening.values(), ...closing])
    },
  }
}
