import type { Kysely, Transaction } from 'kysely'
import type { Status } from '../../contracts/users.ts'
import type { Flag } from '../../kit/db/columns.ts'

export type UsersTables = {
  profile: {
    id: string
    username: string
    /** Names as they are sorted and searched: without case and accents. */
    usernameKey: string
    displayName: string
    displayNameKey: string
    email: string
    phoneNumber: string | null
    publicEmail: Flag
    role: 'user' | 'moderator' | 'admin'
    /** Whether the account is deactivated. */
    blocked: Flag
    firstName: string | null
    lastName: string | null
    title: string | null
    bio: string | null
    country: string | null
    twitter: string | null
    linkedIn: string | null
    personalWebsite: string | null
    avatar: string | null
    locale: string | null
    /** JSON of what differs from the defaults. */
    settings: string
    registeredAt: string
    updatedAt: string
  }
  /** Every ending of a person's name keys: what a name contains begins one of them. */
  namePart: { part: string; userId: string }
  block: { userId: string; blockedId: string; createdAt: string }
  connection: { gatewayId: string; id: string; userId: string; seenAt: string }
  presence: {
    userId: string
    online: Flag
    /** What the person has chosen. */
    status: Status
    lastSeenAt: string | null
    /** When a connection ended and nobody has looked yet whether others are left. */
    leftAt: string | null
  }
}

export type ProfileRow = UsersTables['profile']
export type PresenceRow = UsersTables['presence']
export type ConnectionRow = UsersTables['connection']

export type UsersDb = Kysely<UsersTables>
export type UsersTransaction = Transaction<UsersTables>
