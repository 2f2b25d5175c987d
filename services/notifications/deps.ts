import type { accounts } from '../../contracts/accounts.ts'
import type { notifications } from '../../contracts/notifications.ts'
import type { ServiceDeps } from '../../kit/service.ts'
import type { NotificationsConfig } from './config.ts'
import type { NotificationsTables } from './tables.ts'

/** What every part of this service is made from. */
export type Deps = ServiceDeps<
  typeof notifications,
  NotificationsTables,
  { accounts: typeof accounts },
  NotificationsConfig
>
