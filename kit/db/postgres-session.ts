import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import type { Lock } from '../bus.ts'
import { toStoreFailure } from './postgres-errors.ts'

/** How often the server is asked whether it is still there, and how long it may take to answer. */
const heartbeatMs = 4_000
const answerWithinMs = 3_000
const longestPauseMs = 2_000
/** Least time between two words to the other processes. */
const tellEveryMs = 5

export type SessionOptions = {
  client: pg.ClientConfig
  /** Name of the schema, which is also that of the channel and of the room for locks. */
  schema: string
  /** Something was appended by another process, or may have been while nobody listened. */
  onNews: () => void
}

export type Session = {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>
  /** Tells the other processes, soon, that something was appended. */
  tell(): void
  lock(name: string): Promise<Lock | undefined>
  /** Why there is no connection just now. */
  failure(): Error | undefined
  close(): Promise<void>
}

/**
 * One lasting connection of a process to one schema, for what hangs on a connection: notices from
 * other processes, and locks. It is made anew when it is lost; its locks are lost with it.
 */
export async function openSession({ client, schema, onNews }: SessionOptions): Promise<Session> {
  const held = new Map<string, AbortController>()
  const closing = new AbortController()
  let current: pg.Client | undefined
  let failure: Error | undefined
  let lost = Promise.withResolvers<void>()
  let telling: Promise<void> | undefined
  let tellAgain = false

  async function connect(): Promise<void> {
    const next = new pg.Client({ ...client, query_timeout: answerWithinMs })
    const lose = (error?: Error) => {
      if (next !== current) return
      current = undefined
      failure = error ?? new Error('The connection to the database ended')
      for (const holder of held.values()) holder.abort(failure)
      held.clear()
      lost.resolve()
    }
    next.on('error', lose)
    next.on('end', lose)
    next.on('notification', ({ processId }) => {
      if (processId !== pidOf(next)) onNews()
    })
    try {
      await next.connect()
      // Its own commits hold no data that could be lost; nobody shall wait for a disk.
      await next.query('set synchronous_commit = off')
      await next.query(`listen ${pg.escapeIdentifier(schema)}`)
    } catch (error) {
      await next.end().catch(() => undefined)
      throw toStoreFailure(error)
    }
    lost = Promise.withResolvers()
    current = next
    failure = undefined
  }

  await connect()
  const keeping = keep()

  /** Connects again whenever the connection is lost, until the end. */
  async function keep(): Promise<void> {
    const beat = setInterval(() => {
      const asked = current
      asked?.query('select 1').catch(() => asked.end().catch(() => undefined))
    }, heartbeatMs).unref()
    for (let pause = 50; !closing.signal.aborted; ) {
      await lost.promise
      if (closing.signal.aborted) break
      try {
        await connect()
        pause = 50
        onNews()
      } catch (error) {
        const { cause = error } = error as Error
        failure = cause instanceof Error ? cause : new Error(String(cause))
        await setTimeout(pause, undefined, { signal: closing.signal, ref: false }).catch(() => {})
        pause = Math.min(longestPauseMs, pause * 2)
      }
    }
    clearInterval(beat)
  }

  async function tellOthers(): Promise<void> {
    do {
      tellAgain = false
      // What is lost here is found by those who look now and then.
      await current?.query('select pg_notify($1, $2)', [schema, '']).catch(() => undefined)
      await setTimeout(tellEveryMs)
    } while (tellAgain && !closing.signal.aborted)
  }

  return {
    async query(text, values) {
      try {
        if (!current) throw failure
        return await current.query(text, values)
      } catch (error) {
        throw toStoreFailure(error)
      }
    },

    tell() {
      if (telling) {
        tellAgain = true
        return
      }
      telling = tellOthers().finally(() => {
        telling = undefined
      })
    },

    async lock(name) {
      const session = current
      // A session would get the same lock again and again.
      if (!session || held.has(name)) return undefined
      const holder = new AbortController()
      held.set(name, holder)
      const release = () => {
        if (held.get(name) === holder) held.delete(name)
      }
      const key = [`${schema}/${name}`]
      try {
        const { rows } = await session.query(
          'select pg_try_advisory_lock(hashtextextended($1, 0)) as got',
          key,
        )
        if (!rows[0]?.got) release()
      } catch {
        // Whether the server gave it is unknown: without the connection nobody has it.
        release()
        await session.end().catch(() => undefined)
      }
      if (held.get(name) !== holder) return undefined
      return {
        lost: holder.signal,
        async [Symbol.asyncDispose]() {
          if (held.get(name) !== holder) return
          const unlock = 'select pg_advisory_unlock(hashtextextended($1, 0))'
          await session.query(unlock, key).catch(() => session.end().catch(() => undefined))
          release()
        },
      }
    },

    failure: () => failure,

    async close() {
      closing.abort()
      lost.resolve()
      await Promise.all([keeping, telling])
      const last = current
      current = undefined
      for (const holder of held.values()) holder.abort(new Error('The store is closed'))
      held.clear()
      await last?.end().catch(() => undefined)
    },
  }
}

/** The client knows it, and its types do not. */
function pidOf(client: pg.Client): number | undefined {
  return (client as pg.Client & { processID?: number }).processID
}
