import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka'
import type { Logger } from '../log.ts'
import {
  createConsumer,
  findPositions,
  type KafkaRecord,
  type Position,
  type Reader,
  startReader,
  toError,
} from './kafka-reader.ts'

/** Silence after which the broker gives a member's partitions to others. */
export const sessionTimeoutMs = 6_000
const heartbeatMs = 500
const rebalanceTimeoutMs = 10_000
const commitEveryMs = 200
const retryMs = 300

export type GroupOptions = {
  connection: BaseOptions
  log: Logger
  group: string
  topics: readonly string[]
  /** Keeps a member's place while it restarts; without it each start is another member. */
  memberName?: string | undefined
  /**
   * Takes records, in order per partition. What it settles for counts as delivered; what it
   * rejects is handed over again. `commit` makes it count at once.
   */
  receive: (records: KafkaRecord[], member: Membership) => Promise<void> | void
}

/** A member's standing, as it hands records over. */
export type Membership = {
  /** Whether the broker may have given the partitions to somebody else by now. */
  isDoubtful(): boolean
  /** Makes the records at hand count as delivered before they are. */
  commit(): Promise<void>
}

export type Group = {
  active(): boolean
  /** Leaves the group; settles when what was handed over has been dealt with. */
  leave(): Promise<void>
}

/**
 * Reads topics as one member of a group. The client knows how to join and to keep its place; the
 * records are fetched beside it, so that offsets are kept exactly here: after the effect, before
 * a rebalance, and never for partitions that belong to somebody else by then.
 */
export async function joinGroup(options: GroupOptions): Promise<Group> {
  const { connection, log, group, topics, memberName, receive } = options
  let member: Consumer | undefined
  let reader: Reader | undefined
  let joinedAt = 0
  let left = false
  let restarting: Promise<void> | undefined
  /** Counts assignments: what was read under an older one is not committed any more. */
  let generation = 0
  const uncommitted = new Map<string, Position>()
  let committing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function commit(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (uncommitted.size === 0 || !member) return Promise.resolve()
    const offsets = [...uncommitted.values()].map((at) => ({ ...at, leaderEpoch: -1 }))
    uncommitted.clear()
    return member.commit({ offsets })
  }

  /** Commits soon, together with what comes until then. */
  function commitSoon(ends: readonly Position[], of: number): void {
    if (of !== generation) return
    for (const end of ends) uncommitted.set(`${end.topic}:${end.partition}`, end)
    timer ??= setTimeout(() => {
      timer = undefined
      committing = commit().catch((error) => {
        // Delivered again to whoever has the partition next: harmless, and rare.
        log.debug({ event: 'kafka.commit_failed', group, err: error })
      })
    }, commitEveryMs)
  }

  async function begin(consumer: Consumer, assignments: readonly GroupAssignment[]): Promise<void> {
    generation++
    const mine = generation
    uncommitted.clear()
    joinedAt = Date.now()
    await reader?.stop()
    if (mine !== generation) return
    reader = undefined
    const assigned = assignments.filter(({ partitions }) => partitions.length > 0)
    if (assigned.length === 0 || consumer !== member || left) return
    const positions = await findCommitted(consumer, assigned)
    if (mine !== generation || consumer !== member || left) return
    const membership: Membership = {
      isDoubtful: () =>
        mine !== generation ||
        Date.now() - Math.max(joinedAt, Number(consumer.lastHeartbeat ?? 0)) >
          sessionTimeoutMs - heartbeatMs,
      commit,
    }
    reader = startReader({
      connection,
      log,
      positions,
      async receive(records, ends) {
        while (mine === generation) {
          try {
            await receive(records, {
              ...membership,
              commit() {
                for (const end of ends) uncommitted.set(`${end.topic}:${end.partition}`, end)
                return commit()
              },
            })
            commitSoon(ends, mine)
            return
          } catch (error) {
            log.error({ event: 'kafka.delivery_failed', group, err: error })
            if (left) return
            await new Promise((resolve) => setTimeout(resolve, retryMs))
          }
        }
      },
    })
  }

  /** Where the group stands; where it never was, the oldest record. */
  async function findCommitted(
    consumer: Consumer,
    assigned: readonly GroupAssignment[],
  ): Promise<Position[]> {
    const committed = await consumer.listCommittedOffsets({ topics: [...assigned] })
    const positions: Position[] = []
    for (const { topic, partitions } of assigned) {
      const known = committed.get(topic) ?? []
      const isNew = partitions.some((partition) => (known[partition] ?? -1n) < 0n)
      const oldest = isNew ? await oldestOf(topic) : []
      for (const partition of partitions) {
        const offset = known[partition] ?? -1n
        positions.push({
          topic,
          partition,
          offset: offset >= 0n ? offset : (oldest[partition]?.offset ?? 0n),
        })
      }
    }
    return positions
  }

  async function oldestOf(topic: string): Promise<Position[]> {
    const consumer = createConsumer(connection)
    try {
      return await findPositions(consumer, topic, 'oldest')
    } finally {
      await consumer.close(true)
    }
  }

  async function join(): Promise<Consumer> {
    const consumer = new Consumer({
      ...connection,
      groupId: group,
      ...(memberName && { groupInstanceId: memberName }),
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatMs,
      // A join may wait for the others as long as a rebalance may take.
      requestTimeout: rebalanceTimeoutMs + 5_000,
    })
    member = consumer
    let established = false
    const lost = (error: unknown) => {
      if (established && consumer === member) restart(error)
    }
    consumer.topics.trackAll(...topics)
    consumer.on('error', lost)
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) => lost(lastError))
    consumer.on('consumer:group:rebalance', () => {
      // The join that follows goes over the same connection, so this arrives before it.
      generation++
      commit().catch(() => undefined)
    })
    const first = Promise.withResolvers<void>()
    first.promise.catch(() => undefined)
    consumer.on('consumer:group:join', ({ assignments }) => {
      begin(consumer, assignments ?? []).then(first.resolve, (error) => {
        first.reject(error)
        lost(error)
      })
    })
    try {
      await consumer.joinGroup({})
      await first.promise
      established = true
      return consumer
    } catch (error) {
      if (consumer === member) member = undefined
      await consumer.close(true).catch(() => undefined)
      throw error
    }
  }

  /** Begins again from nothing: simpler than to know in which of its states a client got stuck. */
  function restart(reason: unknown): void {
    if (left) return
    log.warn({ event: 'kafka.group_lost', group, err: toError(reason) })
    restarting ??= (async () => {
      while (!left) {
        generation++
        const old = member
        member = undefined
        await reader?.stop()
        reader = undefined
        await old?.close(true).catch(() => undefined)
        try {
          const joined = await join()
          if (left) await joined.close(true)
          return
        } catch (error) {
          log.debug({ event: 'kafka.join_failed', group, err: error })
          await new Promise((resolve) => setTimeout(resolve, retryMs))
        }
      }
    })().finally(() => {
      restarting = undefined
    })
  }

  await join()

  return {
    active: () => !left && !restarting && (member?.isActive() ?? false),
    async leave() {
      left = true
      await reader?.stop()
      await committing
      await commit().catch(() => undefined)
      await member?.close(true).catch(() => undefined)
      await restarting
    },
  }
}
