import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { kitMigrations } from './kit-migrations.ts'

/** Migrations by name, in the order of their names: `001-init`, `002-…`. */
export type Migrations = Readonly<Record<string, Migration>>

/** Brings a database up to date: the kit's own tables first, then the service's. */
// biome-ignore lint/suspicious/noExplicitAny: each migration knows the tables that it makes.
export async function migrate(db: Kysely<any>, migrations: Migrations): Promise<void> {
  const all = { ...kitMigrations, ...migrations }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => all },
    migrationTableName: 'migration',
    migrationLockTableName: 'migration_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('A migration failed', { cause: error })
}
