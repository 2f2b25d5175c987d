import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type Dialect,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { type Failure, kitFailure } from '../failure.ts'
import type { Checkpointer } from './checkpoint.ts'
import type { DirectConnection } from './prepared.ts'

/** Longest time that one group of transactions may hold the event loop. */
const usualGroupMs = 8
/** A transaction that outlives this waits for something other than its database. */
const transactionMs = 2_000
/** How long a write waits for another process to let go of the file. */
const lockedMs = 2_000
const statementsKept = 500
/** Transactions after which the log is copied back into the database, beside the writes. */
const checkpointEvery = 2_000
/** Frames in the log (4 KiB each) from which writes wait for the copying, so that it starts over. */
const usualLongestLog = 64_000

export type SqliteOptions = {
  file: string
  checkpointer: Checkpointer
  /** Flushes a file descriptor to disk; replaced in tests of the order of things. */
  sync?: (fd: number) => Promise<void>
  /** Longest time of one group; raised in tests of what shares a commit. */
  groupMs?: number
  /** Frames of the log from which writes wait; lowered in tests of that wait. */
  longestLog?: number
}

export type SqliteEngine = {
  dialect: Dialect
  /** Calls back after each group of transactions that is safe on disk. */
  onDurable(listener: () => void): void
  /** Why nothing more is written, once a flush has failed. */
  failure(): Error | undefined
  close(): Promise<void>
}

/** A transaction's place in the line for the one writer. */
type Turn = {
  start: () => void
  fail: (error: unknown) => void
  end: (outcome: 'commit' | 'rollback') => void
  ended: Promise<'commit' | 'rollback'>
  expired: boolean
  /** Settles when the change is on disk. */
  durable: PromiseWithResolvers<void>
}

/**
 * SQLite for one process: reads run at once on their own connection, transactions share commits.
 *
 * All transactions that wait in one turn of the event loop run one after the other inside one
 * `BEGIN IMMEDIATE … COMMIT`, each in a savepoint so that a failure rolls back alone. One
 * `fdatasync` of the write-ahead log follows in the thread pool, and only when it has returned
 * are they acknowledged. A read that could see a commit not yet on disk waits for the same flush,
 * so nothing is told to anyone that a power cut could still undo.
 */
export function openSqlite(options: SqliteOptions): SqliteEngine {
  const { file, checkpointer } = options
  const { sync = flush, groupMs = usualGroupMs, longestLog = usualLongestLog } = options
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const writer = new DatabaseSync(file)
  writer.exec('pragma journal_mode = wal')
  // NORMAL leaves the flush of the log to us; checkpoints still flush in the right order.
  writer.exec('pragma synchronous = normal')
  writer.exec('pragma foreign_keys = on')
  writer.exec('pragma wal_autocheckpoint = 0')
  writer.exec('pragma temp_store = memory')
  // The first read makes the file of the log, which is opened below.
  writer.exec('select 1 from sqlite_schema')
  const reader = new DatabaseSync(file, { readOnly: true })
  const write = statementRunner(writer)
  const read = statementRunner(reader)
  const log = fs.openSync(`${file}-wal`, 'r')
  // Only closed behind every connection: POSIX takes a process's locks away with any descriptor.
  const database = fs.openSync(file, 'r')
  fs.fsyncSync(log)
  flushFolder(path.dirname(file))

  const begin = writer.prepare('begin immediate')
  const commit = writer.prepare('commit')
  const savepoint = writer.prepare('savepoint turn')
  const release = writer.prepare('release turn')
  const undo = writer.prepare('rollback to turn')

  const listeners: (() => void)[] = []
  const line: Turn[] = []
  let scheduled = false
  let busy: Promise<void> | undefined
  let flushing: Promise<void> | undefined
  let broken: Error | undefined
  let closed = false
  let checkpointing: Promise<void> | undefined
  let unchecked = 0
  let logLength = 0

  function queue(): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(kitFailure('unavailable', 'The store is closed.'))
      if (broken) return reject(kitFailure('unavailable', undefined, { cause: broken }))
      const { promise: ended, resolve: end } = Promise.withResolvers<'commit' | 'rollback'>()
      const turn: Turn = {
        start: () => resolve(turn),
        fail: reject,
        end,
        ended,
        expired: false,
        durable: Promise.withResolvers(),
      }
      turn.durable.promise.catch(() => undefined)
      line.push(turn)
      schedule()
    })
  }

  function schedule(): void {
    if (scheduled || busy) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      busy = writeGroup().finally(() => {
        busy = undefined
        if (line.length > 0) schedule()
      })
    })
  }

  async function writeGroup(): Promise<void> {
    if (!(await beginWhenFree())) return
    const group: Turn[] = []
    let current: Turn | undefined
    // One for all turns, which come one after the other: each begins it anew.
    const limit = setTimeout(() => {
      if (!current) return
      current.expired = true
      current.end('rollback')
    }, transactionMs)
    const started = performance.now()
    while (performance.now() - started < groupMs) {
      current = line.shift()
      if (!current) break
      limit.refresh()
      if (await takeTurn(current)) group.push(current)
      // A full disk makes SQLite give up the whole transaction, and with it the group.
      if (!writer.isTransaction) break
    }
    clearTimeout(limit)
    if (writer.isTransaction) return makeDurable(group)
    const lost = kitFailure('unavailable', 'The change could not be stored.')
    for (const { durable } of group) durable.reject(lost)
  }

  /** Whether there is something to commit of it. */
  async function takeTurn(turn: Turn): Promise<boolean> {
    try {
      savepoint.run()
      turn.start()
      const outcome = await turn.ended
      if (outcome === 'rollback') undo.run()
      release.run()
      if (outcome === 'rollback') turn.durable.resolve()
      return outcome === 'commit'
    } catch (error) {
      turn.fail(toUnavailable(error))
      turn.durable.reject(toUnavailable(error))
      return false
    }
  }

  async function makeDurable(group: readonly Turn[]): Promise<void> {
    try {
      commit.run()
    } catch (error) {
      if (writer.isTransaction) writer.exec('rollback')
      for (const { durable } of group) durable.reject(toUnavailable(error))
      return
    }
    if (group.length === 0) return
    try {
      flushing = sync(log)
      await flushing
    } catch (error) {
      const failure = breakDown(error)
      for (const { durable } of group) durable.reject(failure)
      return
    } finally {
      if (!broken) flushing = undefined
    }
    for (const { durable } of group) durable.resolve()
    for (const listener of listeners) listener()
    unchecked += group.length
    await keepLogShort()
  }

  /** After a failed flush nobody knows what is on disk; only a restart reads it again. */
  function breakDown(error: unknown): Failure {
    broken = error instanceof Error ? error : new Error(String(error))
    const failure = kitFailure('unavailable', undefined, { cause: broken })
    for (const turn of line.splice(0)) turn.fail(failure)
    return failure
  }

  async function beginWhenFree(): Promise<boolean> {
    const giveUp = performance.now() + lockedMs
    for (;;) {
      try {
        begin.run()
        return true
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUp || closed) {
          for (const turn of line.splice(0)) turn.fail(toUnavailable(error))
          return false
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  /**
   * A log starts over when all of it is copied and a write comes next. Under steady writes a copy
   * beside them never gets all, so a log that is too long makes the writes wait for one. SQLite
   * flushes the database only then, with all that was copied since the last time: most of it is
   * flushed here before, while nobody waits.
   */
  async function keepLogShort(): Promise<void> {
    if (unchecked < checkpointEvery && logLength < longestLog) return
    if (logLength >= longestLog) await checkpointing
    checkpointing ??= checkpointer
      .checkpoint(file)
      .then(async (length) => {
        if (length >= longestLog) await sync(database).catch(breakDown)
        logLength = length
      })
      .finally(() => {
        checkpointing = undefined
      })
    unchecked = 0
    if (logLength >= longestLog) {
      await checkpointing
      logLength = 0
    }
  }

  function createConnection(): SqliteConnection {
    let turn: Turn | undefined
    return {
      async begin() {
        turn = await queue()
      },
      async commit() {
        const { end, durable } = current()
        turn = undefined
        end('commit')
        await durable.promise
      },
      async rollback() {
        const ending = turn
        turn = undefined
        ending?.end('rollback')
      },
      runDirect(sql, parameters) {
        current()
        return run(write, { sql, parameters }).rows
      },
      async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        if (turn) {
          current()
          return run<R>(write, query)
        }
        if (SelectQueryNode.is(query.query) || readsOnly(query)) {
          const result = run<R>(read, query)
          if (flushing) await flushing.catch((error) => Promise.reject(toUnavailable(error)))
          return result
        }
        const single = await queue()
        try {
          const result = run<R>(write, query)
          single.end('commit')
          await single.durable.promise
          return result
        } catch (error) {
          single.end('rollback')
          throw error
        }
      },
      // biome-ignore lint/correctness/useYield: Kysely asks for the method, and nothing here streams.
      async *streamQuery() {
        throw new Error('Streaming is not offered: ask for pages')
      },
    }

    function current(): Turn {
      if (!turn || turn.expired) {
        throw new Error('The transaction waited for something other than its database')
      }
      return turn
    }
  }

  const driver: Driver = {
    async init() {},
    async acquireConnection() {
      return createConnection()
    },
    async beginTransaction(connection) {
      await (connection as SqliteConnection).begin()
    },
    async commitTransaction(connection) {
      await (connection as SqliteConnection).commit()
    },
    async rollbackTransaction(connection) {
      await (connection as SqliteConnection).rollback()
    },
    async releaseConnection() {},
    async destroy() {},
  }

  return {
    dialect: {
      createAdapter: () => new SharedFileAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    onDurable: (listener) => void listeners.push(listener),
    failure: () => broken,
    async close() {
      while (line.length > 0 || busy || scheduled) {
        await (busy ?? new Promise((resolve) => setImmediate(resolve)))
      }
      closed = true
      await checkpointing
      fs.closeSync(log)
      reader.close()
      writer.close()
      fs.closeSync(database)
    },
  }
}

/** Lets Kysely begin transactions side by side: their order is kept here, and not by it. */
class SharedFileAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

type SqliteConnection = DirectConnection & {
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

type StatementRunner = (sql: string) => PreparedStatement
type PreparedStatement = { statement: StatementSync; returnsRows: boolean }

/** Prepares each text once and forgets the one least recently used. */
function statementRunner(database: DatabaseSync): StatementRunner {
  const kept = new Map<string, PreparedStatement>()
  return (sql) => {
    const known = kept.get(sql)
    if (known) {
      if (kept.size > statementsKept / 2) {
        kept.delete(sql)
        kept.set(sql, known)
      }
      return known
    }
    const statement = database.prepare(sql)
    const prepared = { statement, returnsRows: statement.columns().length > 0 }
    kept.set(sql, prepared)
    if (kept.size > statementsKept) {
      const oldest = kept.keys().next().value
      if (oldest !== undefined) kept.delete(oldest)
    }
    return prepared
  }
}

function run<R>(
  prepare: StatementRunner,
  { sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>,
): QueryResult<R> {
  try {
    const { statement, returnsRows } = prepare(sql)
    const values = parameters as SQLInputValue[]
    if (returnsRows) {
      const rows = statement.all(...values) as R[]
      return { rows, numAffectedRows: BigInt(rows.length) }
    }
    const { changes, lastInsertRowid } = statement.run(...values)
    return {
      rows: [],
      numAffectedRows: BigInt(changes),
      insertId: BigInt(lastInsertRowid),
    }
  } catch (error) {
    throw toUnavailable(error)
  }
}

function readsOnly({ sql }: CompiledQuery): boolean {
  return /^\s*(select|with|pragma table_)/i.test(sql) && !/\b(insert|update|delete)\b/i.test(sql)
}

/** A cause outside the program, that may pass, becomes `unavailable`; anything else is a bug. */
function toUnavailable(error: unknown): unknown {
  const passing = [sqliteBusy, 6, 8, 10, 13, 14]
  return passing.includes(sqliteCode(error))
    ? kitFailure('unavailable', undefined, { cause: error })
    : error
}

const sqliteBusy = 5

function isBusy(error: unknown): boolean {
  return sqliteCode(error) === sqliteBusy
}

function sqliteCode(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return code & 0xff
}

function flush(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()))
  })
}

/** Makes new names in a folder survive a power cut. */
function flushFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
