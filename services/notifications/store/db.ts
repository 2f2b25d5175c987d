import type { Kysely, Transaction } from 'kysely'
import type { NotificationsTables } from '../tables.ts'

export type Db = Kysely<NotificationsTables>
export type Tx = Transaction<NotificationsTables>
