import * as z from 'zod'
import { setting } from '../config.ts'

/** Where the databases of all services are, when they are not files of this process. */
export const databaseConfig = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe(
      'PostgreSQL server and database, as `postgres://user:password@host:5432/stoa?sslmode=verify-full`; without it every service has an SQLite file',
    ),
  DATABASE_CONNECTIONS: setting
    .integer(1, 500)
    .default(10)
    .describe('Connections that each service of a process opens at most, besides one for events'),
  DATABASE_CONNECT_TIMEOUT_MS: setting
    .integer(100, 60_000)
    .default(3_000)
    .describe('Milliseconds to wait for a connection, new or from the pool'),
  DATABASE_STATEMENT_TIMEOUT_MS: setting
    .integer(100, 600_000)
    .default(5_000)
    .describe('Milliseconds that one statement may take'),
  DATABASE_LOCK_TIMEOUT_MS: setting
    .integer(100, 600_000)
    .default(3_000)
    .describe('Milliseconds that one statement may wait for the transactions of others'),
  DATABASE_IDLE_TIMEOUT_MS: setting
    .integer(100, 600_000)
    .default(5_000)
    .describe('Milliseconds that a transaction may wait for its own process between statements'),
})

export type DatabaseConfig = z.output<typeof databaseConfig>
