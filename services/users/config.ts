import * as z from 'zod'
import { setting } from '../../kit/config.ts'

export const usersConfig = z.object({
  PRESENCE_GRACE_MS: setting
    .integer(0, 600_000)
    .default(2_000)
    .describe('How long somebody without a connection still counts as there, to reload a page'),
  PRESENCE_EXPIRE_MS: setting
    .integer(1_000, 3_600_000)
    .default(60_000)
    .describe('How long a connection counts as open that its gateway has not named again'),
})
export type UsersConfig = z.output<typeof usersConfig>
