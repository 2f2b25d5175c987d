import { CamelCasePlugin, type Dialect, Kysely } from 'kysely'
import type { Lock } from '../bus.ts'
import { createCheckpointer } from './checkpoint.ts'
import { createLocalLocks } from './lock.ts'
import { openSqlite, type SqliteOptions } from './sqlite.ts'

/** One service's database. */
export type Store<Tables> = {
  db: Kysely<Tables>
  /** Transactions that can be under way at once; whatever more there are wait, and may give up. */
  connections: number
  /** Calls back after changes that are safe on disk, of this process or another of the service. */
  onDurable(listener: () => void): void
  /**
   * Takes a lock that one process of the service can have at a time; `undefined` when another has
   * it, or the database cannot be asked. Whoever has it stops when `lost` aborts.
   */
  lock(name: string): Promise<Lock | undefined>
  /** Why nothing can be written now, when that is so. */
  failure(): Error | undefined
  close(): Promise<void>
}

/** Opens the databases of one process by service name. */
export type Stores = {
  open<Tables>(name: string): Promise<Store<Tables>>
  close(): Promise<void>
}

/** Stands between Kysely and a database, to watch what it is asked. */
export type WrapDialect = (dialect: Dialect, name: string) => Dialect

/** One SQLite file per service in a folder. */
export function createSqliteStores(
  folder: string,
  options: Pick<SqliteOptions, 'sync' | 'groupMs' | 'longestLog'> & {
    wrap?: WrapDialect | undefined
  } = {},
): Stores {
  const { wrap, ...rest } = options
  const checkpointer = createCheckpointer()
  return {
    async open<Tables>(name: string) {
      const engine = openSqlite({ file: `${folder}/${name}.db`, checkpointer, ...rest })
      const db = new Kysely<Tables>({
        dialect: wrap ? wrap(engine.dialect, name) : engine.dialect,
        plugins: [new CamelCasePlugin()],
      })
      return {
        db,
        // They wait in a line of the store's own, without a limit, and share a disk sync.
        connections: Number.POSITIVE_INFINITY,
        onDurable: engine.onDurable,
        failure: engine.failure,
        lock: createLocalLocks(),
        async close() {
          await db.destroy()
          await engine.close()
        },
      }
    },
    close: () => checkpointer.close(),
  }
}
