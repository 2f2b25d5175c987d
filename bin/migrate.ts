import { migrate } from '../kit/db/migrate.ts'
import type { Stores } from '../kit/db/store.ts'
import type { Logger } from '../kit/log.ts'
import { databases, openDatabases } from './databases.ts'

export const migrateUsage = `migrate
  Brings every database up to date, before the first start and after each upgrade.`

/** Brings every database up to date; those that are already are left alone. */
export async function migrateAll(
  stores: Stores,
  say: (line: string) => void,
  log: Logger,
): Promise<void> {
  const names = new Set(databases.map(({ name }) => name))
  await using opened = await openDatabases(stores, names, log)
  const lacking = new Set(await opened.listUnmigrated())
  for (const { name, migrations } of databases) {
    if (lacking.has(name)) await migrate(opened.get(name).db, migrations)
    say(`${name}: ${lacking.has(name) ? 'brought up to date' : 'is up to date'}`)
  }
}
