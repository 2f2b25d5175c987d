import * as z from 'zod'
import { defineContract } from '../kit/contract.ts'
import { auditedEvent } from './audit-entry.ts'
import { Done, Empty, Id, Ids, PageQuery, pageOf, Timestamp } from './shared.ts'

/** One line of text as a person types it: nothing invisible that turns or breaks a line. */
function line(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(
      /^(?!\s)[^\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]*(?<!\s)$/u,
      'One line, without spaces around it and without control characters',
    )
}

/** Lines of text. */
function lines(max: number) {
  return z
    .string()
    .max(max)
    .regex(/^[\P{C}\t\n\r\p{Cf}\p{Co}\p{Cn}]*$/u, 'Text without control characters')
}

const link = z.url({ protocol: /^https?$/, error: 'A web address' }).max(300)

/** Latin letters only, so that no two names look the same. Upper and lower case do not differ. */
export const Username = z
  .string()
  .min(3)
  .max(30)
  .regex(/^(?=.*[A-Za-z0-9])[A-Za-z0-9_.-]*$/, 'Letters, digits, and _ . -')

/** Kept and compared in lower case. */
export const EmailAddress = z.email('An e-mail address').max(254)

/** As typed; the rules for new ones are those of `estimatePassword`. */
export const Password = z
  .string()
  .min(1)
  .max(512)
  .regex(/^\P{Cs}*$/u, 'Whole characters')

export const AccountRole = z.enum(['user', 'moderator', 'admin'])

/** What people may tell of themselves when they sign up; the service `users` keeps it. */
export const SignUpProfile = z.strictObject({
  firstName: line(50).optional(),
  lastName: line(50).optional(),
  country: line(60).optional(),
  phoneNumber: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/, 'A phone number with country code, as +351912345678')
    .optional(),
  title: line(100).optional(),
  bio: lines(1000).optional(),
  publicEmail: z.boolean().optional().describe('Whether everybody may see the e-mail address'),
  twitter: link.optional(),
  linkedIn: link.optional(),
  personalWebsite: link.optional(),
})

/** Passwords are hashed a few at a time: in a crowd, the last has to wait for its turn. */
const hashingMs = 30_000

/** A person's own account, as that person sees it. */
export const OwnAccount = z
  .object({
    id: Id,
    username: z.string(),
    email: z.string(),
    role: AccountRole,
    confirmed: z.boolean().describe('Whether the e-mail address is confirmed'),
    registeredAt: Timestamp,
  })
  .meta({ id: 'OwnAccount' })
export type OwnAccount = z.infer<typeof OwnAccount>

export const AccountBlock = z
  .object({
    reason: z.string(),
    since: Timestamp,
    until: Timestamp.nullable().describe('`null`: until somebody lifts it'),
  })
  .meta({ id: 'AccountBlock' })

/** An account as admins and moderators see it. */
export const Account = OwnAccount.extend({
  lastLoginAt: Timestamp.nullable(),
  block: AccountBlock.nullable(),
}).meta({ id: 'Account' })
export type Account = z.infer<typeof Account>

/** What a successful sign-in gives. */
export const SignedIn = z
  .object({
    accessToken: z.string().describe('For `Authorization: Bearer`'),
    expiresIn: z.int().describe('Seconds until the access token expires'),
    refreshToken: z
      .string()
      .optional()
      .describe(
        'For `POST /auth/refresh`, where none means the one that was shown goes on; browsers get it as a cookie instead',
      ),
    user: OwnAccount,
  })
  .meta({ id: 'SignedIn' })
export type SignedIn = z.infer<typeof SignedIn>

/** `typ` in the header of an access token (RFC 9068). */
export const accessTokenType = 'at+jwt'
/** `aud` of an access token. */
export const accessTokenAudience = 'stoa'

/** What an access token says; `iss` is the public address of the installation. */
export const AccessTokenClaims = z
  .object({
    iss: z.string(),
    aud: z.literal(accessTokenAudience),
    sub: Id.describe('The account'),
    sid: Id.describe('The session'),
    role: AccountRole,
    confirmed: z.boolean().describe('Whether more than `session` operations are open'),
    iat: z.int(),
    exp: z.int(),
  })
  .meta({ id: 'AccessTokenClaims' })
export type AccessTokenClaims = z.infer<typeof AccessTokenClaims>

/** Longer-lived access tokens are not ours, and revocations need not be remembered for longer. */
export const longestAccessTokenLifeMs = 24 * 3_600_000

export const Session = z
  .object({
    id: Id,
    device: z.object({
      browser: z.string().nullable().describe('`Firefox`; `null` when unknown'),
      system: z.string().nullable().describe('`Windows`; `null` when unknown'),
    }),
    ip: z.string(),
    createdAt: Timestamp,
    lastActiveAt: Timestamp.describe('When tokens were last given out'),
    current: z.boolean().describe('Whether this very request belongs to it'),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const Registration = z.enum(['open', 'invitation', 'closed'])

export const Site = z
  .object({
    siteName: z.string(),
    registration: Registration,
    requireEmailConfirmation: z.boolean(),
  })
  .meta({ id: 'Site' })
export type Site = z.infer<typeof Site>

export const Invitation = z
  .object({
    id: Id,
    note: z.string().nullable(),
    uses: z.int().describe('How many people it lets in altogether'),
    usesLeft: z.int(),
    createdBy: Id,
    createdAt: Timestamp,
    expiresAt: Timestamp,
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof Invitation>

/** Why a password is refused. */
export const PasswordRefusal = z.enum(['too_short', 'too_long', 'common', 'personal'])
export type PasswordRefusal = z.infer<typeof PasswordRefusal>

export const PasswordEstimate = z
  .object({
    score: z.int().min(0).max(4).describe('0: guessed at once … 4: very hard to guess'),
    acceptable: z.boolean(),
    refusals: z.array(PasswordRefusal),
    warning: z.string().nullable().describe('The main weakness, as a code'),
    suggestions: z.array(z.string()).describe('What would make it better, as codes'),
  })
  .meta({ id: 'PasswordEstimate' })
export type PasswordEstimate = z.infer<typeof PasswordEstimate>

const SigningKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
  kid: z.string(),
  x: z.string(),
})

const siteName = line(60)
const userId = z.strictObject({ userId: Id })
/** What other services know of an account. */
const AccountInShort = z.object({
  userId: Id,
  username: z.string(),
  email: z.string(),
  role: AccountRole,
  confirmed: z.boolean(),
  blocked: z.boolean(),
  registeredAt: Timestamp,
})
const accountState = z.object({
  userId: Id,
  username: z.string(),
  role: AccountRole,
  blocked: z.boolean(),
})
const sessionOfUser = z.object({ sessionId: Id, userId: Id })

export const accounts = defineContract({
  service: 'accounts',
  summary: 'Who may come in: set-up, sign-up, sign-in, sessions, roles, blocks and invitations',
  operations: {
    getSetup: {
      summary: 'What a visitor must know before signing in or up',
      http: 'GET /setup',
      access: 'public',
      input: Empty,
      output: Site.extend({
        needed: z.boolean().describe('Whether the installation waits for its first admin'),
        codeNeeded: z.boolean().describe('Whether `SETUP_CODE` is asked of this visitor'),
      }),
    },
    completeSetup: {
      summary: 'Create the first admin, and name the site',
      description:
        'Possible while there is no account. From this machine itself no code is needed; from elsewhere it is the setting `SETUP_CODE`.',
      http: 'POST /setup',
      status: 201,
      access: 'public',
      tier: 'auth',
      input: z.strictObject({
        siteName,
        registration: Registration.default('open'),
        username: Username,
        email: EmailAddress,
        password: Password,
        displayName: line(50).optional(),
        setupCode: z.string().max(200).optional(),
      }),
      output: SignedIn,
      errors: { setup_done: 409, setup_code_wrong: 403 },
      deadlineMs: hashingMs,
      cookie: { write: 'refreshToken' },
    },
    updateSite: {
      summary: 'Change the name of the site, or who may sign up',
      http: 'PATCH /site',
      access: 'admin',
      input: z.strictObject({
        siteName: siteName.optional(),
        registration: Registration.optional(),
      }),
      output: Site,
      errors: { setup_needed: 409 },
      idempotent: true,
    },

    register: {
      summary: 'Sign up',
      description:
        'Answers with a session at once. Until the e-mail address is confirmed it opens only what `session` operations offer.',
      http: 'POST /auth/register',
      status: 201,
      access: 'public',
      tier: 'auth',
      input: SignUpProfile.extend({
        username: Username,
        email: EmailAddress,
        password: Password,
        passwordRepeat: z.string().max(512).optional().describe('Must equal `password` if given'),
        termsAccepted: z.boolean(),
        displayName: line(50).optional().describe('The username unless given'),
        locale: z
          .string()
          .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'A language, as en or pt-BR')
          .max(35)
          .optional(),
        invitationCode: z.string().max(100).optional(),
      }),
      output: SignedIn,
      errors: {
        setup_needed: 409,
        registration_closed: 403,
        invitation_invalid: 403,
        terms_not_accepted: 403,
        username_taken: 409,
        account_exists: 409,
      },
      deadlineMs: hashingMs,
      cookie: { write: 'refreshToken' },
    },
    login: {
      summary: 'Sign in',
      description:
        'The answer to an unknown identifier and to a wrong password is the same. A blocked account is told so only after the right password, with `reason` and `until` among `errors`.',
      http: 'POST /auth/login',
      access: 'public',
      tier: 'auth',
      input: z.strictObject({
        identifier: z.string().min(1).max(254).describe('E-mail address or username'),
        password: Password,
      }),
      output: SignedIn,
      errors: { wrong_credentials: 401, account_blocked: 403 },
      deadlineMs: hashingMs,
      cookie: { write: 'refreshToken' },
    },
    refresh: {
      summary: 'Exchange the refresh token for new tokens',
      description:
        'The token given is replaced. Using a replaced token again, later than a few seconds ' +
        'after, ends the session; unless it is the same exchange, by its `attemptId`, whose ' +
        'answer was lost, and its successor was not used yet.',
      http: 'POST /auth/refresh',
      access: 'public',
      input: z.strictObject({
        refreshToken: z.string().max(128).optional(),
        attemptId: z
          .guid()
          .optional()
          .describe("The client's own id of this exchange, the same until it has an answer"),
      }),
      output: SignedIn,
      errors: {
        refresh_token_invalid: 401,
        refresh_token_reused: 401,
        session_expired: 401,
      },
      cookie: { read: 'refreshToken', write: 'refreshToken' },
    },
    logout: {
      summary: 'Sign out: end the session of the access token or of the refresh token',
      http: 'POST /auth/logout',
      access: 'public',
      input: z.strictObject({ refreshToken: z.string().max(128).optional() }),
      output: Done,
      idempotent: true,
      cookie: { read: 'refreshToken', clear: true },
    },
    getOwnAccount: {
      summary: 'The own account',
      http: 'GET /auth/profile',
      access: 'session',
      input: Empty,
      output: OwnAccount,
    },
    listSessions: {
      summary: 'List the own sessions, newest first',
      http: 'GET /auth/sessions',
      access: 'session',
      input: PageQuery,
      output: pageOf(Session),
    },
    endSession: {
      summary: 'End one of the own sessions',
      http: 'DELETE /auth/sessions/{sessionId}',
      access: 'session',
      input: z.strictObject({ sessionId: Id }),
      output: Done,
      errors: { session_not_found: 404 },
    },
    endOtherSessions: {
      summary: 'End all own sessions but this one',
      http: 'DELETE /auth/sessions',
      access: 'session',
      input: Empty,
      output: z.object({ ended: z.int().min(0) }),
      idempotent: true,
    },
    verifyEmail: {
      summary: 'Confirm an e-mail address with the token of the mail',
      description: 'Refresh afterwards: the next access token opens everything.',
      http: 'POST /auth/verify-email',
      access: 'public',
      tier: 'auth',
      input: z.strictObject({ token: z.string().min(1).max(128) }),
      output: z.object({ username: z.string() }),
      errors: { token_invalid: 404, token_expired: 410, already_confirmed: 409 },
    },
    resendEmail: {
      summary: 'Send the mail that asks for confirmation again; the former link ends',
      http: 'POST /auth/resend-email',
      access: 'session',
      tier: 'otp',
      input: Empty,
      output: z.object({ expiresAt: Timestamp }),
      errors: { already_confirmed: 409 },
    },
    estimatePassword: {
      summary: 'How strong a password is, and whether it would be taken',
      http: 'POST /auth/password/strength',
      access: 'public',
      input: z.strictObject({
        password: Password,
        username: z.string().max(30).optional(),
        email: z.string().max(254).optional(),
        displayName: z.string().max(50).optional(),
      }),
      output: PasswordEstimate,
      idempotent: true,
    },
    verifyToken: {
      summary: 'Whether an access token is good now, and what it says',
      http: 'POST /auth/token/verify',
      access: 'public',
      input: z.strictObject({ token: z.string().min(1).max(4096) }),
      output: z.object({ valid: z.boolean(), claims: AccessTokenClaims.nullable() }),
      idempotent: true,
    },

    listAccounts: {
      summary: 'List accounts, newest first',
      http: 'GET /accounts',
      access: 'admin',
      input: PageQuery.extend({
        search: z.string().min(1).max(100).optional().describe('Part of a username or e-mail'),
        role: AccountRole.optional(),
        blocked: z.boolean().optional(),
      }),
      output: pageOf(Account),
    },
    blockAccount: {
      summary: 'Block an account: its sessions end at once',
      description: 'Moderators may block users; admins may block everyone but the last admin.',
      http: 'POST /accounts/{userId}/block',
      access: 'moderator',
      input: userId.extend({
        reason: line(500).describe('The blocked person is told'),
        until: Timestamp.optional().describe('Until somebody lifts it, unless given'),
      }),
      output: Account,
      errors: { account_not_found: 404, last_admin: 409 },
    },
    unblockAccount: {
      summary: 'Lift the block of an account',
      http: 'DELETE /accounts/{userId}/block',
      access: 'moderator',
      input: userId,
      output: Account,
      errors: { account_not_found: 404 },
      idempotent: true,
    },
    changeRole: {
      summary: 'Give an account another role',
      http: 'PATCH /accounts/{userId}/role',
      access: 'admin',
      input: userId.extend({ role: AccountRole }),
      output: Account,
      errors: { account_not_found: 404, last_admin: 409 },
      idempotent: true,
    },
    createInvitation: {
      summary: 'Make an invitation; its code is shown only now',
      http: 'POST /invitations',
      status: 201,
      access: 'admin',
      input: z.strictObject({
        uses: z.int().min(1).max(1000).default(1),
        days: z.int().min(1).max(365).default(7).describe('How long it is good for'),
        note: line(100).optional(),
      }),
      output: Invitation.extend({ code: z.string() }),
    },
    listInvitations: {
      summary: 'List invitations, newest first',
      http: 'GET /invitations',
      access: 'admin',
      input: PageQuery,
      output: pageOf(Invitation),
    },
    deleteInvitation: {
      summary: 'Take an invitation back',
      http: 'DELETE /invitations/{invitationId}',
      access: 'admin',
      input: z.strictObject({ invitationId: Id }),
      output: Done,
      errors: { invitation_not_found: 404 },
    },

    getAccount: {
      summary: 'One account, for other services',
      access: 'internal',
      input: userId,
      output: AccountInShort,
      errors: { account_not_found: 404 },
      idempotent: true,
    },
    getAccounts: {
      summary: 'Several accounts, for other services; unknown ids are absent',
      access: 'internal',
      input: z.strictObject({ userIds: Ids }),
      output: z.object({ accounts: z.array(AccountInShort) }),
      idempotent: true,
    },
    renameAccount: {
      summary: 'Give an account another username',
      access: 'internal',
      input: userId.extend({ username: Username }),
      output: Done,
      errors: { account_not_found: 404, username_taken: 409 },
      idempotent: true,
    },
    getSigningKeys: {
      summary: 'The public keys that access tokens are signed with (RFC 7517), newest first',
      access: 'internal',
      input: Empty,
      output: z.object({
        issuer: z.string().describe('`iss` of the access tokens'),
        keys: z.array(SigningKey),
      }),
      idempotent: true,
    },
    listRevocations: {
      summary: 'Whose access tokens no longer count although they have not expired',
      access: 'internal',
      input: Empty,
      output: z.object({
        sessions: z.array(z.object({ sessionId: Id, until: Timestamp })),
        users: z
          .array(z.object({ userId: Id, issuedBefore: Timestamp, until: Timestamp }))
          .describe('Tokens whose `iat` lies before `issuedBefore`'),
      }),
      idempotent: true,
    },
    getSite: {
      summary: 'Name of the site and who may sign up, for other services',
      access: 'internal',
      input: Empty,
      output: Site,
      idempotent: true,
    },
  },
  events: {
    accountRegistered: {
      summary: 'Somebody signed up',
      key: 'userId',
      schema: z.object({
        userId: Id,
        username: z.string(),
        displayName: z.string(),
        email: z.string(),
        role: AccountRole,
        locale: z.string().optional(),
        profile: SignUpProfile,
        registeredAt: Timestamp,
      }),
    },
    accountConfirmed: {
      summary: 'The e-mail address of an account is confirmed',
      key: 'userId',
      schema: z.object({ userId: Id, email: z.string(), username: z.string() }),
    },
    accountChanged: {
      summary:
        'Username, role or block of an account changed; access tokens with a former role are void',
      key: 'userId',
      schema: accountState,
    },
    emailConfirmationRequested: {
      summary: 'A mail must go out that asks to confirm the address',
      key: 'userId',
      schema: z.object({
        userId: Id,
        email: z.string(),
        username: z.string(),
        token: z.string(),
        expiresAt: Timestamp,
      }),
    },
    sessionStarted: { summary: 'Somebody signed in', key: 'userId', schema: sessionOfUser },
    sessionEnded: {
      summary: 'A session ended; its access tokens are void',
      key: 'userId',
      schema: sessionOfUser,
    },
    accountBlocked: {
      summary: 'An account was blocked',
      key: 'userId',
      schema: z.object({ userId: Id, reason: z.string(), until: Timestamp.nullable() }),
    },
    accountUnblocked: {
      summary: 'The block of an account was lifted or ran out',
      key: 'userId',
      schema: z.object({ userId: Id }),
    },
    audited: auditedEvent,
  },
})
