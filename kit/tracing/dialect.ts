import type { DatabaseConnection, Driver } from 'kysely'
import type { DirectConnection } from '../db/prepared.ts'
import type { WrapDialect } from '../db/store.ts'
import type { Tracing, Work } from './tracing.ts'
import { troubleOf } from './trouble.ts'

/** Characters of a statement; lists of values can make one endless. */
const longestText = 2_000

/** Databases whose statements are spans, below whatever runs them. */
export function traceDialect(tracing: Tracing, system: 'sqlite' | 'postgresql'): WrapDialect {
  return (dialect, name) => {
    /** Opens a span for a statement; its text holds placeholders where values go. */
    function open(sql: string): Work | undefined {
      const parent = tracing.current()
      if (!parent) return undefined
      const { operation, table } = readStatement(sql)
      const summary = table ? `${operation} ${table}` : operation
      const attributes = {
        'db.system.name': system,
        'db.namespace': name,
        'db.operation.name': operation,
        'db.query.summary': summary,
        'db.query.text': sql.slice(0, longestText),
        ...(table && { 'db.collection.name': table }),
      }
      return tracing.open({ name: summary, kind: 'client', attributes }, parent.traceparent)
    }
    return { ...dialect, createDriver: () => traceDriver(dialect.createDriver(), open) }
  }
}

function traceDriver(driver: Driver, open: (sql: string) => Work | undefined): Driver {
  async function watch<T>(sql: string, run: () => Promise<T>): Promise<T> {
    const work = open(sql)
    try {
      const result = await run()
      work?.end()
      return result
    } catch (error) {
      work?.end(troubleOf(error))
      throw error
    }
  }

  /** In place, because the driver knows its connections again. */
  function traceConnection(connection: DatabaseConnection): void {
    const executeQuery = connection.executeQuery.bind(connection)
    connection.executeQuery = (query, ...rest) =>
      watch(query.sql, () => executeQuery(query, ...rest))
    if (!isDirect(connection)) return
    const { runDirect } = connection
    connection.runDirect = (sql, parameters) => {
      const work = open(sql)
      try {
        const rows = runDirect(sql, parameters)
        work?.end()
        return rows
      } catch (error) {
        work?.end(troubleOf(error))
        throw error
      }
    }
  }

  return {
    ...driver,
    async acquireConnection(...options) {
      const connection = await driver.acquireConnection(...options)
      traceConnection(connection)
      return connection
    },
    beginTransaction: (connection, settings) =>
      watch('BEGIN', () => driver.beginTransaction(connection, settings)),
    commitTransaction: (connection) => watch('COMMIT', () => driver.commitTransaction(connection)),
    rollbackTransaction: (connection) =>
      watch('ROLLBACK', () => driver.rollbackTransaction(connection)),
  }
}

function isDirect(connection: DatabaseConnection): connection is DirectConnection {
  return 'runDirect' in connection
}

/** What a statement does, and to which table before all. */
function readStatement(sql: string): { operation: string; table: string | undefined } {
  const [operation = ''] = /\w+/.exec(sql) ?? []
  const [, table] = /\b(?:from|into|update)\s+"?(\w+)"?/i.exec(sql) ?? []
  return { operation: operation.toUpperCase(), table }
}
