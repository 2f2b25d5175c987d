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

/** Whether a database has all the kit's tables and the service's: who may not migrate asks first. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export async function isMigrated(db: Kysely<any>, migrations: Migrations): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'migration')) return false
  const rows = await db.selectFrom('migration').select('name').execute()
  const done = new Set(rows.map(({ name }) => name))
  return Object.keys({ ...kitMigrations, ...migrations }).every((name) => done.has(name))
}
