import { chat } from '../../contracts/chat.ts'
import type { users } from '../../contracts/users.ts'
import { failuresOf, type ServiceDeps } from '../../kit/service.ts'
import type { ChatTables } from './tables.ts'

export type { Origin } from '../../kit/context.ts'
export type { ChatTx } from './tables.ts'

export type ChatDeps = ServiceDeps<typeof chat, ChatTables, { users: typeof users }>

export const fail = failuresOf(chat)
