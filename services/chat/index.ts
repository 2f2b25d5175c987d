import { chat } from '../../contracts/chat.ts'
import { users } from '../../contracts/users.ts'
import { defineService } from '../../kit/service.ts'
import type { ChatDeps } from './deps.ts'
import { createHandlers } from './handlers/index.ts'
import { migrations } from './migrations/index.ts'
import { createSending } from './sending.ts'
import { createSubscribers } from './subscribers.ts'
import { createUpkeep } from './upkeep.ts'

export const chatService = defineService({
  contract: chat,
  uses: { users },
  listens: { users },
  migrations,
  derived: ['message_search', 'search_cursor', 'search_task'],
  create(deps: ChatDeps) {
    const sending = createSending(deps)
    const upkeep = createUpkeep(deps)
    return {
      handlers: createHandlers(deps, { sending, upkeep }),
      subscribers: createSubscribers({ sending }),
      jobs: [upkeep],
    }
  },
})
