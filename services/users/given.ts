import type { accounts } from '../../contracts/accounts.ts'
import type { users } from '../../contracts/users.ts'
import type { ServiceDeps } from '../../kit/service.ts'
import type { UsersConfig } from './config.ts'
import type { UsersTables } from './tables.ts'

/** What the service is given. */
export type Given = ServiceDeps<
  typeof users,
  UsersTables,
  { accounts: typeof accounts },
  UsersConfig
>
