import type { accounts } from '../../contracts/accounts.ts'
import type { ServiceDeps } from '../../kit/service.ts'
import type { AccountsConfig } from './config.ts'
import type { AccountsTables } from './tables.ts'

/** What the service is given. */
// biome-ignore lint/complexity/noBannedTypes: this service calls no other.
export type Given = ServiceDeps<typeof accounts, AccountsTables, {}, AccountsConfig>
