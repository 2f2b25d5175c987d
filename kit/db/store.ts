import { CamelCasePlugin, Kysely } from 'kysely'
import { createCheckpointer } from './checkpoint.ts'
import { openSqlite, type SqliteOptions } from './sqlite.ts'

/** One service's database. */
export type Store<Tables> = {
  db: Kysely<Tables>
  /** Calls back after changes that are safe on disk. */
  onDurable(listener: () => void): void
  /** Why nothing can be written any more, when that is so. */
  failure(): Error | undefined
  close(): Promise<void>
}

/** Opens the databases of one process by service name. */
export type Stores = {
  open<Tables>(name: string): Promise<Store<Tables>>
  close(): Promise<void>
}

/** One SQLite file per service in a folder. */
export function createSqliteStores(
  folder: string,
  options: Pick<SqliteOptions, 'sync' | 'groupMs'> = {},
): Stores {
  const checkpointer = createCheckpointer()
  return {
    async open<Tables>(name: string) {
      const engine = openSqlite({ file: `${folder}/${name}.db`, checkpointer, ...options })
      const db = new Kysely<Tables>({
        dialect: engine.dialect,
        plugins: [new CamelCasePlugin()],
      })
      return {
        db,
        onDurable: engine.onDurable,
        failure: engine.failure,
        async close() {
          await db.destroy()
          await engine.close()
        },
      }
    },
    close: () => checkpointer.close(),
  }
}
