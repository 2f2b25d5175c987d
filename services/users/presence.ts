import type { PresenceState, Status } from '../../contracts/users.ts'
import type { Given } from './given.ts'
import { absentPresence, presenceOf } from './rules.ts'
import * as store from './store/presence.ts'
import type { ConnectionRow, PresenceRow, UsersTransaction } from './tables.ts'

type Connection = Omit<ConnectionRow, 'seenAt'>

const atOnce = 500
/** Later than every time. */
const anyTime = '9999'

export type Presence = ReturnType<typeof createPresence>

/**
 * Who is there. A person is, as long as a gateway holds a connection of theirs: connections lie
 * in the database, so that any instance of this service may be told of any of them. When one
 * ends, that is only noted; a moment later somebody looks whether the person has come back.
 */
export function createPresence({ db, signals, config }: Pick<Given, 'db' | 'signals' | 'config'>) {
  /** Changes how a person is there, and tells those who watch if it looks different to them. */
  async function change(
    userId: string,
    decide: (tx: UsersTransaction, row: PresenceRow) => Promise<PresenceRow | undefined>,
  ): Promise<void> {
    const change = await db.transaction().execute(async (tx) => {
      const before = await store.lockPresence(tx, userId)
      const after = await decide(tx, before)
      if (after) await store.updatePresence(tx, after)
      return after && { before, after }
    })
    if (!change) return
    const [profile] = await store.listPresence(db, [userId])
    if (!profile) return
    const was = presenceOf({ ...profile, ...change.before })
    const is = presenceOf({ ...profile, ...change.after })
    if (is.status !== was.status) tell(is)
  }

  function tell({ userId, status, lastSeenAt }: PresenceState): void {
    if (status === 'offline') signals.send('userOffline', { userId, lastSeenAt })
    else signals.send('userOnline', { userId, status })
  }

  /** Ends a connection, if nobody has renewed it since the time when it was last seen. */
  async function end(connection: Connection, until: string, seenAt: string): Promise<void> {
    await change(connection.userId, async (tx, row) => {
      const ended = await store.deleteConnection(tx, { ...connection, until })
      if (ended.length === 0) return undefined
      return { ...row, leftAt: seenAt, lastSeenAt: lastSeen(row, seenAt) }
    })
  }

  /** Ends connections whose gateways did not. */
  async function endAll(list: () => Promise<ConnectionRow[]>): Promise<void> {
    for (;;) {
      const rows = await list()
      await Promise.all(rows.map(({ seenAt, ...row }) => end(row, seenAt, seenAt)))
      if (rows.length < atOnce) return
    }
  }

  return {
    async open(connection: Connection): Promise<void> {
      await change(connection.userId, async (tx, row) => {
        await store.saveConnection(tx, { ...connection, seenAt: timeBefore(0) })
        const there = row.online === 1 && row.leftAt === null
        return there ? undefined : { ...row, online: 1, leftAt: null }
      })
    },

    async close(connection: Connection): Promise<void> {
      await end(connection, anyTime, timeBefore(0))
    },

    /** Answers with the connections that are not known, or no longer. */
    async keep(gatewayId: string, connectionIds: readonly string[]): Promise<string[]> {
      const renewal = { gatewayId, seenAt: timeBefore(0) }
      const rows = await store.renewConnections(db, renewal, connectionIds)
      const known = new Set(rows.map(({ id }) => id))
      return connectionIds.filter((id) => !known.has(id))
    },

    async endOthers(gatewayId: string): Promise<void> {
      await endAll(() => store.listConnectionsOfOthers(db, { gatewayId, limit: atOnce }))
    },

    async endSilent(): Promise<void> {
      const before = timeBefore(config.PRESENCE_EXPIRE_MS)
      await endAll(() => store.listSilent(db, { before, limit: atOnce }))
    },

    /** Takes leave of those whose last connection ended and who have not come back. */
    async settle(): Promise<void> {
      const until = timeBefore(config.PRESENCE_GRACE_MS)
      for (;;) {
        const left = await store.listLeft(db, { until, limit: atOnce })
        await Promise.all(
          left.map(({ userId }) =>
            change(userId, async (tx, row) => {
              if (row.leftAt === null || row.leftAt > until) return undefined
              const online = (await store.isConnected(tx, userId)) ? row.online : 0
              return { ...row, online, leftAt: null }
            }),
          ),
        )
        if (left.length < atOnce) return
      }
    },

    async setStatus(userId: string, status: Status): Promise<void> {
      await change(userId, async (_, row) => {
        if (row.status === status) return undefined
        const vanishes = status === 'offline' && row.online === 1
        return { ...row, status, lastSeenAt: vanishes ? timeBefore(0) : row.lastSeenAt }
      })
    },

    /** Tells those who watch that somebody is out of sight, unless that is so already. */
    async hide(tx: UsersTransaction, userId: string): Promise<void> {
      const [row] = await store.listPresence(tx, [userId])
      if (row && presenceOf(row).online) tell(absentPresence(userId))
    },

    /** Tells those who watch how a person looks now. */
    async announce(userId: string): Promise<void> {
      const [row] = await store.listPresence(db, [userId])
      if (row) tell(presenceOf(row))
    },
  }
}

/** Who is there unseen was last seen before that. */
function lastSeen({ status, lastSeenAt }: PresenceRow, at: string): string | null {
  return status === 'offline' || (lastSeenAt ?? '') > at ? lastSeenAt : at
}

function timeBefore(ms: number): string {
  return new Date(Date.now() - ms).toISOString()
}
