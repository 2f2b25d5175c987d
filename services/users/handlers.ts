import type { users } from '../../contracts/users.ts'
import type { Handlers } from '../../kit/service.ts'
import type { Deps } from './deps.ts'
import { createBlockHandlers } from './handlers/blocks.ts'
import { createPresenceHandlers } from './handlers/presence.ts'
import { createProfileHandlers } from './handlers/profiles.ts'
import { createSettingsHandlers } from './handlers/settings.ts'

export function createHandlers(deps: Deps): Handlers<typeof users> {
  return {
    ...createProfileHandlers(deps),
    ...createSettingsHandlers(deps),
    ...createBlockHandlers(deps),
    ...createPresenceHandlers(deps),
  }
}
