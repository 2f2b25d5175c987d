import { type OwnProfile, type Profile, users } from '../../../contracts/users.ts'
import type { CheckedInputOf } from '../../../kit/contract.ts'
import { readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { auditEntry, fold, present, shownAvatar, toPersonSummary } from '../rules.ts'
import { findBlock } from '../store/blocks.ts'
import { countPeople, listPeople, type PeoplePosition, type PeopleSort } from '../store/people.ts'
import { findStatus } from '../store/presence.ts'
import { findProfilesNamed, listPeopleOf } from '../store/profiles.ts'
import type { ProfileRow } from '../tables.ts'

type Handled = Pick<
  Handlers<typeof users>,
  'listUsers' | 'getUser' | 'getUserByUsername' | 'getMe' | 'updateMe' | 'getPeople'
>

const fail = failuresOf(users)
/** Changes of who somebody is to others, which an audit must be able to tell. */
const auditedFields = ['username', 'displayName', 'publicEmail'] as const

export function createProfileHandlers({ db, outbox, clients, profiles }: Deps): Handled {
  /** The profile as the viewer may see it; nobody learns here of having been blocked. */
  async function show(row: ProfileRow | undefined, viewerId: string | undefined): Promise<Profile> {
    if (!row || row.blocked === 1) throw fail('user_not_found')
    if (viewerId === undefined) return toProfile(row, false)
    if (await findBlock(db, row.id, viewerId)) throw fail('user_not_found')
    return toProfile(row, (await findBlock(db, viewerId, row.id)) !== undefined)
  }

  async function showOwn(row: ProfileRow): Promise<OwnProfile> {
    const status = (await findStatus(db, row.id)) ?? 'online'
    return { ...row, publicEmail: row.publicEmail === 1, status }
  }

  return {
    async listUsers({ limit, cursor, count, search = '', sort, order }, { actor }) {
      const filter = { viewerId: actor.id, search: fold(search) || undefined }
      const request = { limit, cursor: readCursor(cursor, isPositionBy(sort)) }
      const rows = await listPeople(db, filter, { sort, order }, request)
      return {
        ...toPage(
          rows,
          request,
          ({ value, id }): PeoplePosition => [sort, value, id],
          ({ title, registeredAt, ...person }) => ({
            ...toPersonSummary(person),
            title,
            registeredAt,
          }),
        ),
        ...(count && { count: await countPeople(db, filter) }),
      }
    },

    async getUser({ userId }, call) {
      return show(await profiles.find(userId, call), call.actor.id)
    },

    async getUserByUsername({ username }, { actor }) {
      const rows = await findProfilesNamed(db, fold(username))
      const wanted = username.toLowerCase()
      const row = rows.find((row) => row.username.toLowerCase() === wanted)
      return show(row, actor?.id)
    },

    async getMe(_, call) {
      return showOwn(await profiles.get(call.actor.id, call))
    },

    async updateMe({ username, ...given }, call) {
      const known = await profiles.get(call.actor.id, call)
      const { id } = known
      if (username !== undefined && username !== known.username) {
        await clients.accounts.renameAccount({ userId: id, username }, call)
      }

      const after = await db.transaction().execute(async (tx) => {
        const changed = await profiles.change(tx, id, call, (before) => ({
          ...tidy(given),
          // Another name than the one known: accounts has told of this change, or of a later one.
          ...(username !== undefined && before.username === known.username && { username }),
        }))
        if (!changed) throw fail('user_not_found')
        const { before, after } = changed
        const fields = auditedFields.filter((field) => before[field] !== after[field])
        if (fields.length > 0) {
          const detail = { fields: fields.join(' ') }
          const entry = auditEntry(call, after.updatedAt, 'profile.updated', id, detail)
          await outbox.add(tx, 'audited', entry, call)
        }
        return after
      })
      return showOwn(after)
    },

    async getPeople({ userIds }, call) {
      const rows = await listPeopleOf(db, userIds)
      const known = new Set(rows.map(({ id }) => id))
      const missing = [...new Set(userIds)].filter((id) => !known.has(id))
      await profiles.makeMissing(missing, call)
      const late = await listPeopleOf(db, missing)
      return { people: [...rows, ...late].map(toPersonSummary) }
    },
  }
}

function isPositionBy(sort: PeopleSort) {
  return (value: unknown): value is PeoplePosition =>
    Array.isArray(value) &&
    value.length === 3 &&
    value[0] === sort &&
    value.every((part) => typeof part === 'string')
}

function toProfile(row: ProfileRow, blockedByMe: boolean): Profile {
  const { email, publicEmail, phoneNumber, locale, settings, ...shown } = row
  return {
    ...shown,
    avatar: shownAvatar(row),
    blockedByMe,
    ...(publicEmail === 1 && { email }),
  }
}

type Given = Omit<CheckedInputOf<typeof users, 'updateMe'>, 'username'>

/** Takes away spaces around texts, and stores an emptied one as none. */
function tidy({ publicEmail, displayName, ...texts }: Given): Partial<ProfileRow> {
  const tidied = Object.entries(present(texts)).map(([field, text]) => [
    field,
    text?.trim() || null,
  ])
  return {
    ...Object.fromEntries(tidied),
    ...(displayName !== undefined && { displayName: displayName.trim() }),
    ...(publicEmail !== undefined && { publicEmail: publicEmail ? 1 : 0 }),
  }
}
