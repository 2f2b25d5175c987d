import * as z from 'zod'
import { setting } from '../../kit/config.ts'

/** 32 bytes as base64: the seed of an Ed25519 key. */
function seed() {
  return setting
    .text()
    .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64')
}

export const accountsConfig = z.object({
  PUBLIC_URL: setting
    .url()
    .default('http://localhost:3000')
    .describe('Address at which people reach the installation; `iss` of access tokens'),
  SIGNING_KEY: seed().describe('Signs access tokens: 32 random bytes in base64'),
  SIGNING_KEY_PREVIOUS: seed()
    .optional()
    .describe('The key before: its access tokens are still taken, none is signed with it'),
  SETUP_CODE: z
    .string()
    .min(8)
    .optional()
    .describe('Asked for when the first admin is created from another machine'),
  REQUIRE_EMAIL_CONFIRMATION: setting
    .flag()
    .default(true)
    .describe('Whether an account is limited until its e-mail address is confirmed'),
  ACCESS_TOKEN_MINUTES: setting.integer(1, 60).default(15).describe('Life of an access token'),
  REFRESH_TOKEN_DAYS: setting
    .integer(1, 365)
    .default(7)
    .describe('Days without activity after which a session ends'),
  REFRESH_GRACE_SECONDS: setting
    .integer(0, 10)
    .default(10)
    .describe('How long a refresh token still counts after it was replaced, for a second tab'),
  MAX_SESSIONS: setting
    .integer(1, 100)
    .default(20)
    .describe('Sessions per account; one more ends the one idle longest'),
  PASSWORD_MIN_LENGTH: setting.integer(8, 15).default(8).describe('Characters of a password'),
  PASSWORD_HASHES_AT_ONCE: setting
    .integer(1, 64)
    .default(2)
    .describe('Password hashes computed side by side, in threads of low priority'),
  PASSWORD_HASH_KIB: setting
    .integer(19_456, 1_048_576)
    .default(19_456)
    .describe('Memory of one argon2id hash, in KiB'),
  PASSWORD_HASH_PASSES: setting.integer(2, 20).default(2).describe('Passes of one argon2id hash'),
  TERMS_VERSION: setting
    .text()
    .max(50)
    .default('1')
    .describe('Version of the terms that people accept when they sign up'),
})

export type AccountsConfig = z.output<typeof accountsConfig>
