import type { chat } from '../../../contracts/chat.ts'
import type { Handlers } from '../../../kit/service.ts'
import type { ChatDeps } from '../deps.ts'
import type { Sending } from '../sending.ts'
import type { Upkeep } from '../upkeep.ts'
import { createViews } from '../views.ts'
import { createCatchUpHandlers } from './catch-up.ts'
import { createConversationHandlers } from './conversations.ts'
import { createMemberHandlers } from './members.ts'
import { createMessageHandlers } from './messages.ts'
import { createOwnStateHandlers } from './own-state.ts'
import { createPinHandlers } from './pins.ts'
import { createReactionHandlers } from './reactions.ts'
import { createReadHandlers } from './reads.ts'
import { createSearchHandlers } from './search.ts'
import { createTypingHandlers } from './typing.ts'

export function createHandlers(
  deps: ChatDeps,
  { sending, upkeep }: { sending: Sending; upkeep: Upkeep },
): Handlers<typeof chat> {
  const views = createViews(deps)
  return {
    ...createConversationHandlers(deps, { views, upkeep }),
    ...createMemberHandlers(deps, { views, upkeep }),
    ...createOwnStateHandlers(deps),
    ...createMessageHandlers(deps, { sending, upkeep }),
    ...createReactionHandlers(deps),
    ...createPinHandlers(deps),
    ...createSearchHandlers(deps),
    ...createReadHandlers(deps),
    ...createCatchUpHandlers(deps),
    ...createTypingHandlers(deps),
  }
}
