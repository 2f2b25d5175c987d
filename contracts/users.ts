import * as z from 'zod'
import { defineContract } from '../kit/contract.ts'
import { AccountRole, Username } from './accounts.ts'
import { auditedEvent } from './audit-entry.ts'
import { Avatar, Done, Empty, Id, Ids, PageQuery, pageOf, Timestamp } from './shared.ts'

/** One line of text; without what would turn the writing direction of the text around it. */
function line(max: number) {
  return z
    .string()
    .max(max)
    .regex(
      /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u,
      'One line without control characters',
    )
}

/** Lines of text; no other control characters, which not every store takes. */
function lines(max: number) {
  return z
    .string()
    .max(max)
    .regex(/^[\P{C}\p{Cf}\p{Co}\p{Cn}\t\n\r]*$/u, 'Text without control characters')
}

/** An address that a browser may open: `javascript:` and the like are none. */
const link = z
  .string()
  .max(300)
  .regex(
    /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^/?#@\s\\]+(?:[/?#][^\s\p{Cc}\p{Cs}]*)?$/u,
    'An address that begins with https:// or http://',
  )

const displayName = line(50).regex(/[\p{L}\p{N}\p{P}\p{S}]/u, 'Something that can be seen')

/** A person in short, as it stands beside messages, posts and members. */
export const PersonSummary = z
  .object({
    id: Id,
    username: z.string(),
    displayName: z.string(),
    avatar: z.string().nullable(),
    blocked: z.boolean().describe('Whether the account is deactivated'),
  })
  .meta({ id: 'PersonSummary' })
export type PersonSummary = z.infer<typeof PersonSummary>

/** A person in a list of people. */
export const PersonEntry = PersonSummary.extend({
  title: z.string().nullable(),
  registeredAt: Timestamp,
}).meta({ id: 'PersonEntry' })
export type PersonEntry = z.infer<typeof PersonEntry>

const profileShape = {
  id: Id,
  username: z.string(),
  displayName: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  title: z.string().nullable(),
  bio: z.string().nullable(),
  country: z.string().nullable(),
  twitter: z.string().nullable(),
  linkedIn: z.string().nullable(),
  personalWebsite: z.string().nullable(),
  avatar: z.string().nullable(),
  role: AccountRole,
  registeredAt: Timestamp,
}

/** What others see of a person. */
export const Profile = z
  .object({
    ...profileShape,
    email: z.string().optional().describe('Only when the person shows it'),
    blockedByMe: z.boolean().describe('Whether the caller has blocked this person'),
  })
  .meta({ id: 'Profile' })
export type Profile = z.infer<typeof Profile>

/** What a person shows while connected; `offline` is being there unseen. */
export const Status = z.enum(['online', 'away', 'busy', 'offline'])
export type Status = z.infer<typeof Status>

/** A person's own profile. */
export const OwnProfile = z
  .object({
    ...profileShape,
    email: z.string(),
    phoneNumber: z.string().nullable().describe('As given at sign-up; shown to nobody else'),
    publicEmail: z.boolean().describe('Whether everybody sees the e-mail address'),
    locale: z.string().nullable().describe('BCP 47 tag of the language; `null`: not chosen'),
    status: Status,
  })
  .meta({ id: 'OwnProfile' })
export type OwnProfile = z.infer<typeof OwnProfile>

const visibility = z.enum(['everyone', 'nobody'])

const settingsShape = {
  darkMode: z.enum(['system', 'on', 'off']),
  autoDownloadMedia: z.boolean(),
  saveToGallery: z.boolean(),
  pushNotifications: z.boolean(),
  messageNotifications: z.boolean(),
  groupNotifications: z.boolean(),
  callNotifications: z.boolean(),
  inAppNotifications: z.boolean(),
  soundEnabled: z.boolean(),
  vibrationEnabled: z.boolean(),
  notificationLight: z.boolean(),
  showPreview: z.boolean().describe('Whether notifications show what was written'),
  fingerprintLock: z.boolean(),
  readReceipts: z.boolean().describe('Whether others learn that their messages were read'),
  lastSeen: visibility.describe('Who learns when this person was last connected'),
  statusVisibility: visibility.describe('Who learns whether this person is connected'),
  profilePhotoVisibility: visibility.describe('Who sees the avatar'),
}

/** What a person has chosen; a client keeps its own choices here, so that they follow the person. */
export const Settings = z.object(settingsShape).meta({ id: 'Settings' })
export type Settings = z.infer<typeof Settings>

/** Whether a person is there, as far as the caller may know. */
export const PresenceState = z
  .object({
    userId: Id,
    online: z.boolean(),
    status: Status.describe('`offline` exactly when `online` is false'),
    lastSeenAt: Timestamp.nullable().describe('`null` while online, and when unknown or hidden'),
  })
  .meta({ id: 'PresenceState' })
export type PresenceState = z.infer<typeof PresenceState>

export const BlockedPerson = z
  .object({ person: PersonSummary, blockedAt: Timestamp })
  .meta({ id: 'BlockedPerson' })
export type BlockedPerson = z.infer<typeof BlockedPerson>

const oneUser = z.strictObject({ userId: Id })
const watched = z.strictObject({ userIds: z.array(Id).min(1).max(500) })
const presenceStates = z.object({
  items: z.array(PresenceState).describe('Unknown ids are absent'),
})

/** One connection of one person; ids of connections are unique within their gateway. */
const connection = z.strictObject({ userId: Id, connectionId: Id, gatewayId: Id })

const blockedPair = z.object({ userId: Id, blockedId: Id })

/** Neither of the two goes on hearing whether the other is there. */
const presenceLeaves = [
  { namespace: '/chat', change: 'leave', user: 'blockedId', room: 'presence:{userId}' },
  { namespace: '/chat', change: 'leave', user: 'userId', room: 'presence:{blockedId}' },
] as const

export const users = defineContract({
  service: 'users',
  summary: 'People: profiles, settings, who is there, and who has blocked whom',
  operations: {
    listUsers: {
      summary: 'List and search people',
      description:
        'Everybody but the caller, deactivated accounts, and those between whom and the caller one has blocked the other. `count` is the number of matches.',
      http: 'GET /users',
      access: 'member',
      input: PageQuery.extend({
        search: line(100)
          .min(1)
          .optional()
          .describe('Part of the username or display name; case and accents do not matter'),
        sort: z.enum(['username', 'displayName', 'registeredAt']).default('username'),
        order: z.enum(['asc', 'desc']).default('asc'),
      }),
      output: pageOf(PersonEntry),
    },
    getUser: {
      summary: 'See the profile of a person',
      description:
        'Deactivated accounts, and people who have blocked the caller, answer as if there were none.',
      http: 'GET /users/{userId}',
      access: 'session',
      input: oneUser,
      output: Profile,
      errors: { user_not_found: 404 },
    },
    getUserByUsername: {
      summary: 'See the profile of a person by username',
      description:
        'Open to everybody. Upper and lower case do not matter. Deactivated accounts, and people who have blocked the caller, answer as if there were none.',
      http: 'GET /users/by-username/{username}',
      access: 'public',
      input: z.strictObject({ username: line(100).min(1) }),
      output: Profile,
      errors: { user_not_found: 404 },
    },
    getMe: {
      summary: 'See the own profile',
      http: 'GET /users/me',
      access: 'session',
      input: Empty,
      output: OwnProfile,
      errors: { user_not_found: 404 },
    },
    updateMe: {
      summary: 'Change the own profile',
      description: 'Fields that are left out stay as they are; `null` empties one.',
      http: 'PATCH /users/me',
      access: 'session',
      input: z
        .strictObject({
          username: Username,
          displayName,
          firstName: line(50).nullable(),
          lastName: line(50).nullable(),
          title: line(100).nullable(),
          bio: lines(1_000).nullable(),
          country: line(60).nullable(),
          twitter: link.nullable(),
          linkedIn: link.nullable(),
          personalWebsite: link.nullable(),
          publicEmail: z.boolean(),
          avatar: Avatar.nullable(),
          locale: z
            .string()
            .max(35)
            .regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/, 'A BCP 47 language tag')
            .nullable(),
        })
        .partial(),
      output: OwnProfile,
      errors: { user_not_found: 404, username_taken: 409 },
      idempotent: true,
    },
    getSettings: {
      summary: 'See the own settings',
      http: 'GET /users/me/settings',
      access: 'session',
      input: Empty,
      output: Settings,
      errors: { user_not_found: 404 },
    },
    updateSettings: {
      summary: 'Change the own settings',
      description: 'Settings that are left out stay as they are.',
      http: 'PATCH /users/me/settings',
      access: 'session',
      input: z.strictObject(settingsShape).partial(),
      output: Settings,
      errors: { user_not_found: 404 },
      idempotent: true,
    },
    updateStatus: {
      summary: 'Choose what others see while connected',
      description: '`offline` is being there unseen: others see the person leave.',
      http: 'PUT /users/me/status',
      access: 'session',
      input: z.strictObject({ status: Status }),
      output: z.object({ status: Status }),
      idempotent: true,
    },

    blockPerson: {
      summary: 'Block a person',
      description:
        'Neither of the two finds the other, or learns whether the other is there. Blocking somebody again changes nothing.',
      http: 'POST /users/me/blocked-users',
      status: 201,
      access: 'member',
      input: oneUser,
      output: BlockedPerson,
      errors: { cannot_block_self: 400, user_not_found: 404 },
      idempotent: true,
    },
    unblockPerson: {
      summary: 'Unblock a person',
      description: 'Unblocking somebody who is not blocked changes nothing.',
      http: 'DELETE /users/me/blocked-users/{userId}',
      access: 'member',
      input: oneUser,
      output: Done,
      idempotent: true,
    },
    listBlockedPeople: {
      summary: 'List the people whom the caller has blocked, latest first',
      http: 'GET /users/me/blocked-users',
      access: 'member',
      input: PageQuery,
      output: pageOf(BlockedPerson),
    },

    getPresence: {
      summary: 'See who of up to 500 people is there',
      http: 'POST /users/presence',
      access: 'member',
      input: watched,
      output: presenceStates,
      idempotent: true,
    },
    watchPresence: {
      summary: 'Hear when people come and go, and see who is there now',
      description:
        'From now on `user:online` and `user:offline` tell of these people, until the socket closes or `presence:unwatch`.',
      socket: '/chat presence:watch',
      joins: 'presence:{userIds}',
      access: 'member',
      input: watched,
      output: presenceStates,
      idempotent: true,
    },
    unwatchPresence: {
      summary: 'Hear no longer when people come and go',
      socket: '/chat presence:unwatch',
      leaves: 'presence:{userIds}',
      access: 'member',
      input: watched,
      output: Done,
      idempotent: true,
    },

    getPeople: {
      summary: 'Several people in short; unknown ids are absent',
      access: 'internal',
      input: z.strictObject({ userIds: Ids }),
      output: z.object({ people: z.array(PersonSummary) }),
      idempotent: true,
    },
    getSettingsOf: {
      summary: 'Settings of several people',
      description: 'Who has no profile yet is absent, and has chosen nothing.',
      access: 'internal',
      input: z.strictObject({ userIds: Ids }),
      output: z.object({ people: z.array(z.object({ userId: Id, settings: Settings })) }),
      idempotent: true,
    },
    listBlocksBetween: {
      summary: 'Those of several people who have blocked a person or are blocked by the person',
      access: 'internal',
      input: z.strictObject({ userId: Id, others: Ids }),
      output: z.object({ blocked: z.array(Id) }),
      idempotent: true,
    },
    openConnection: {
      summary: 'A person has connected to a gateway',
      access: 'internal',
      input: connection,
      output: Done,
      idempotent: true,
      key: 'userId',
    },
    closeConnection: {
      summary: 'A connection of a person has ended',
      access: 'internal',
      input: connection,
      output: Done,
      idempotent: true,
      key: 'userId',
    },
    keepConnections: {
      summary: 'Connections of a gateway that are still open',
      description:
        'A gateway names its connections every 20 seconds, in as many calls as it takes; a connection that nobody has named for PRESENCE_EXPIRE_MS is over.',
      access: 'internal',
      input: z.strictObject({
        gatewayId: Id,
        connectionIds: Ids,
        alone: z
          .boolean()
          .default(false)
          .describe('No other gateway runs: connections of all others are over at once'),
      }),
      output: z.object({
        unknown: z
          .array(Id)
          .describe('Connections that are not known here (any more): the gateway opens them again'),
      }),
      idempotent: true,
      key: 'gatewayId',
    },
  },
  events: {
    profileChanged: {
      summary: 'What others see of a person in short has changed',
      schema: z.object({
        userId: Id,
        username: z.string(),
        displayName: z.string(),
        avatar: z.string().nullable(),
      }),
      key: 'userId',
    },
    personBlocked: {
      summary: 'A person has blocked another',
      schema: blockedPair,
      key: 'userId',
      rooms: presenceLeaves,
    },
    personUnblocked: {
      summary: 'A person has unblocked another',
      schema: blockedPair,
      key: 'userId',
    },
    presenceHidden: {
      summary: 'Somebody asked to watch a person and may not',
      schema: z.object({
        userId: Id.describe('Who asked'),
        hiddenId: Id.describe('Whom not to watch'),
      }),
      key: 'userId',
      rooms: [{ namespace: '/chat', change: 'leave', user: 'userId', room: 'presence:{hiddenId}' }],
    },
    audited: auditedEvent,
  },
  signals: {
    userOnline: {
      summary: 'A person is there now, or there with another status',
      schema: z.object({ userId: Id, status: Status.exclude(['offline']) }),
      push: [{ socket: '/chat user:online', room: 'presence:{userId}' }],
    },
    userOffline: {
      summary: 'A person is no longer there',
      schema: z.object({ userId: Id, lastSeenAt: Timestamp.nullable() }),
      push: [{ socket: '/chat user:offline', room: 'presence:{userId}' }],
    },
  },
})
