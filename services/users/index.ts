import { accounts } from '../../contracts/accounts.ts'
import { users } from '../../contracts/users.ts'
import { defineService } from '../../kit/service.ts'
import { usersConfig } from './config.ts'
import type { Given } from './given.ts'
import { createHandlers } from './handlers.ts'
import { createJobs } from './jobs.ts'
import { migrations } from './migrations/index.ts'
import { createPresence } from './presence.ts'
import { createProfiles } from './profiles.ts'
import { createSubscribers } from './subscribers.ts'

export const usersService = defineService({
  contract: users,
  uses: { accounts },
  listens: { accounts },
  config: usersConfig,
  migrations,
  create(given: Given) {
    const deps = { ...given, profiles: createProfiles(given), presence: createPresence(given) }
    return {
      handlers: createHandlers(deps),
      subscribers: createSubscribers(deps),
      jobs: createJobs(deps),
    }
  },
})
