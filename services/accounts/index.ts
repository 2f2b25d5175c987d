import { accounts } from '../../contracts/accounts.ts'
import { defineService } from '../../kit/service.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createAudit } from './audit.ts'
import { accountsConfig } from './config.ts'
import type { Given } from './given.ts'
import { createHandlers } from './handlers.ts'
import { createJobs } from './jobs.ts'
import { migrations } from './migrations/index.ts'
import { createPasswordRules } from './password-rules.ts'
import { createPasswords } from './passwords.ts'
import { createSessions } from './sessions.ts'
import { createSignUp } from './sign-up.ts'

export const accountsService = defineService({
  contract: accounts,
  config: accountsConfig,
  migrations,
  create(given: Given) {
    const { db, outbox, config } = given
    const audit = createAudit(db, outbox)
    const accessTokens = createAccessTokens(config)
    const passwordRules = createPasswordRules(config.PASSWORD_MIN_LENGTH)
    const passwords = createPasswords(config)
    const deps = {
      ...given,
      audit,
      accessTokens,
      passwords,
      passwordRules,
      sessions: createSessions({ outbox, config, audit, accessTokens }),
      signUp: createSignUp({ db, outbox, config, passwordRules }),
    }
    const threads = { start() {}, wake() {}, stop: passwords.close }
    return { handlers: createHandlers(deps), jobs: [...createJobs(deps), threads] }
  },
})
