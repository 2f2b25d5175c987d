import type { accounts } from '../../contracts/accounts.ts'
import type { Handlers } from '../../kit/service.ts'
import type { Deps } from './deps.ts'
import { createAccountHandlers } from './handlers/accounts.ts'
import { createEmailHandlers } from './handlers/email.ts'
import { createInvitationHandlers } from './handlers/invitations.ts'
import { createSessionHandlers } from './handlers/sessions.ts'
import { createSetupHandlers } from './handlers/setup.ts'
import { createSignInHandlers } from './handlers/sign-in.ts'

export function createHandlers(deps: Deps): Handlers<typeof accounts> {
  return {
    ...createSetupHandlers(deps),
    ...createSignInHandlers(deps),
    ...createSessionHandlers(deps),
    ...createEmailHandlers(deps),
    ...createAccountHandlers(deps),
    ...createInvitationHandlers(deps),
  }
}
