import type { AccessTokens } from './access-tokens.ts'
import type { Audit } from './audit.ts'
import type { Given } from './given.ts'
import type { PasswordRules } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import type { Sessions } from './sessions.ts'
import type { SignUp } from './sign-up.ts'

/** What the service is given, and what it makes of that once. */
export type Deps = Given & {
  audit: Audit
  accessTokens: AccessTokens
  passwords: Passwords
  passwordRules: PasswordRules
  sessions: Sessions
  signUp: SignUp
}
