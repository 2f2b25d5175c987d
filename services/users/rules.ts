import type { AuditEntry } from '../../contracts/audit-entry.ts'
import type { PersonSummary, PresenceState, Settings } from '../../contracts/users.ts'
import type { PresenceRow, ProfileRow } from './tables.ts'

const accents = /[\p{Mn}&&\p{Script=Inherited}]/gv
const unseen = /\p{Default_Ignorable_Code_Point}/gu
/** Letters that Unicode does not take apart into a plain one and an accent. */
const lookalikes: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ł: 'l',
  þ: 'th',
  ς: 'σ',
}
const lookalike = new RegExp(`[${Object.keys(lookalikes).join('')}]`, 'gu')

/** A text as it is compared: without case, accents, and differences that nobody can see. */
export function fold(text: string): string {
  return (
    text
      .normalize('NFKD')
      .replace(accents, '')
      .replace(unseen, '')
      // By way of upper case, so that a dotless i and a long s become plain ones.
      .toUpperCase()
      .toLowerCase()
      .replace(lookalike, (letter) => lookalikes[letter] ?? letter)
      .normalize('NFC')
      .replace(/\s+/gu, ' ')
      .trim()
  )
}

type Names = Pick<ProfileRow, 'username' | 'displayName'>
type NameKeys = Pick<ProfileRow, 'usernameKey' | 'displayNameKey'>

/** Some single letters fold into eighteen: a key must still fit into a cursor. */
const longestKey = 60

export function nameKeys({ username, displayName }: Names): NameKeys {
  return { usernameKey: toKey(username), displayNameKey: toKey(displayName) }
}

function toKey(name: string): string {
  return [...fold(name)].slice(0, longestKey).join('')
}

/** Every ending of the names, from each of their characters on. */
export function nameParts({ usernameKey, displayNameKey }: NameKeys): Set<string> {
  const parts = new Set<string>()
  for (const key of [usernameKey, displayNameKey]) {
    const characters = [...key]
    for (const [at, character] of characters.entries()) {
      if (character !== ' ') parts.add(characters.slice(at).join(''))
    }
  }
  return parts
}

export const defaultSettings: Settings = {
  darkMode: 'system',
  autoDownloadMedia: true,
  saveToGallery: false,
  pushNotifications: true,
  messageNotifications: true,
  groupNotifications: true,
  callNotifications: true,
  inAppNotifications: true,
  soundEnabled: true,
  vibrationEnabled: true,
  notificationLight: true,
  showPreview: true,
  fingerprintLock: false,
  readReceipts: true,
  lastSeen: 'everyone',
  statusVisibility: 'everyone',
  profilePhotoVisibility: 'everyone',
}

export function readSettings({ settings }: Pick<ProfileRow, 'settings'>): Settings {
  return { ...defaultSettings, ...JSON.parse(settings) }
}

/** Settings as they are stored: a default that changes later holds for all who never chose. */
export function writeSettings(settings: Settings): string {
  const chosen = Object.entries(settings).filter(
    ([name, value]) => value !== defaultSettings[name as keyof Settings],
  )
  return JSON.stringify(Object.fromEntries(chosen))
}

/** Only the fields that have a value: left out, and there without one, mean the same. */
export function present<Fields extends object>(fields: Fields) {
  type Present = { [F in keyof Fields]?: Exclude<Fields[F], undefined> }
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Present
}

/** A profile of somebody of whom only the account is known. */
export function newProfile(
  known: Names & Pick<ProfileRow, 'id' | 'email' | 'role' | 'blocked' | 'registeredAt'>,
): ProfileRow {
  return {
    ...known,
    ...nameKeys(known),
    phoneNumber: null,
    publicEmail: 0,
    firstName: null,
    lastName: null,
    title: null,
    bio: null,
    country: null,
    twitter: null,
    linkedIn: null,
    personalWebsite: null,
    avatar: null,
    locale: null,
    settings: '{}',
    updatedAt: known.registeredAt,
  }
}

/** The avatar that others see. */
export function shownAvatar(profile: Pick<ProfileRow, 'avatar' | 'settings'>): string | null {
  const { profilePhotoVisibility } = readSettings(profile)
  return profilePhotoVisibility === 'everyone' ? profile.avatar : null
}

export type PersonRow = Pick<
  ProfileRow,
  'id' | 'username' | 'displayName' | 'avatar' | 'settings' | 'blocked'
>

export function toPersonSummary(row: PersonRow): PersonSummary {
  const { id, username, displayName, blocked } = row
  return { id, username, displayName, avatar: shownAvatar(row), blocked: blocked === 1 }
}

export type PresenceView = Pick<PresenceRow, 'userId' | 'online' | 'status' | 'lastSeenAt'> &
  Pick<ProfileRow, 'settings' | 'blocked'>

/** What others may know about somebody's being there. */
export function presenceOf(view: PresenceView): PresenceState {
  const { userId, online, status, lastSeenAt, blocked } = view
  const { lastSeen, statusVisibility } = readSettings(view)
  if (blocked === 1 || statusVisibility === 'nobody') return absentPresence(userId)
  if (online === 1 && status !== 'offline')
    return { userId, online: true, status, lastSeenAt: null }
  return { ...absentPresence(userId), lastSeenAt: lastSeen === 'everyone' ? lastSeenAt : null }
}

/** What those learn who may know nothing. */
export function absentPresence(userId: string): PresenceState {
  return { userId, online: false, status: 'offline', lastSeenAt: null }
}

type Caller = { actor: { id: string }; client: { ip: string; userAgent: string } }

export function auditEntry(
  { actor, client }: Caller,
  at: string,
  action: string,
  subjectId: string,
  detail: AuditEntry['detail'] = {},
): AuditEntry {
  return {
    action,
    outcome: 'success',
    actorId: actor.id,
    subjectId,
    ip: client.ip.slice(0, 64),
    userAgent: client.userAgent.slice(0, 512),
    detail,
    at,
  }
}
