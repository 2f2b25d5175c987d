import pg from 'pg'
import { readEnvironment } from '../../../kit/config.ts'
import { createPostgresStores } from '../../../kit/db/postgres.ts'
import { databaseConfig } from '../../../kit/db/settings.ts'
import type { Stores } from '../../../kit/db/store.ts'

/** The database of the tests: the one that is named, or the one that usually runs here. */
function databaseUrl(): string {
  const { STOA_TEST_DATABASE_URL } = readEnvironment()
  return STOA_TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test'
}

/** Stores that several processes share, in schemas that begin with a prefix. */
export function openSharedStores(prefix: string): Stores {
  const config = databaseConfig.parse({ DATABASE_URL: databaseUrl(), DATABASE_CONNECTIONS: '4' })
  return createPostgresStores({ config, prefix, application: 'stoa-test' })
}

export async function dropSharedStore(schema: string): Promise<void> {
  const client = new pg.Client(databaseUrl())
  await client.connect()
  await client.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`)
  await client.end()
}
