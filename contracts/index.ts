import type { Contract } from '../kit/contract.ts'
import { accounts } from './accounts.ts'
import { audit } from './audit.ts'
import { chat } from './chat.ts'
import { notifications } from './notifications.ts'
import { users } from './users.ts'

/** Every contract of the product. */
export const contracts: readonly Contract[] = [accounts, users, chat, notifications, audit]
