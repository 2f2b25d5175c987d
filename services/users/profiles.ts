import { users } from '../../contracts/users.ts'
import type { CallContext, Origin } from '../../kit/context.ts'
import { failuresOf } from '../../kit/service.ts'
import type { Given } from './given.ts'
import { nameKeys, nameParts, newProfile, shownAvatar } from './rules.ts'
import * as store from './store/profiles.ts'
import type { ProfileRow, UsersTransaction } from './tables.ts'

const fail = failuresOf(users)

export type Profiles = ReturnType<typeof createProfiles>

/** Profiles and what hangs on them: the search for names, and the word to other services. */
export function createProfiles({ db, outbox, clients }: Pick<Given, 'db' | 'outbox' | 'clients'>) {
  const profiles = {
    /**
     * Makes the profiles of people who should have accounts. The event that makes profiles comes
     * after the answer to signing up: where it has not come yet, accounts are asked.
     */
    async makeMissing(userIds: readonly string[], call: CallContext): Promise<void> {
      if (userIds.length === 0) return
      const { accounts } = await clients.accounts.getAccounts({ userIds: [...userIds] }, call)
      if (accounts.length === 0) return
      // In one order for everybody, so that no two of these wait for each other.
      accounts.sort((one, other) => (one.userId < other.userId ? -1 : 1))
      await db.transaction().execute(async (tx) => {
        for (const { userId, username, email, role, blocked, registeredAt } of accounts) {
          const profile = newProfile({
            id: userId,
            username,
            displayName: username,
            email,
            role,
            blocked: blocked ? 1 : 0,
            registeredAt,
          })
          await profiles.add(tx, profile)
        }
      })
    },

    /** Reads the profile of somebody who may have an account. */
    async find(userId: string, call: CallContext): Promise<ProfileRow | undefined> {
      const known = await store.findProfile(db, userId)
      if (known) return known
      await profiles.makeMissing([userId], call)
      return store.findProfile(db, userId)
    },

    /** The same, where somebody by that id should be. */
    async get(userId: string, call: CallContext): Promise<ProfileRow> {
      const profile = await profiles.find(userId, call)
      if (!profile) throw fail('user_not_found')
      return profile
    },

    /** Adds a profile unless there is one; answers whether it did. */
    async add(tx: UsersTransaction, profile: ProfileRow): Promise<boolean> {
      const added = await store.insertProfile(tx, profile)
      if (added) await store.insertNameParts(tx, profile.id, [...nameParts(profile)])
      return added
    },

    /** Changes a profile, and announces it if others see the person differently in short. */
    async change(
      tx: UsersTransaction,
      userId: string,
      origin: Origin,
      decide: (before: ProfileRow) => Partial<ProfileRow>,
    ): Promise<{ before: ProfileRow; after: ProfileRow } | undefined> {
      const before = await store.lockProfile(tx, userId, new Date().toISOString())
      if (!before) return undefined
      const changed = { ...before, ...decide(before) }
      const after = { ...changed, ...nameKeys(changed) }
      await store.updateProfile(tx, after)

      const partsBefore = nameParts(before)
      const partsAfter = nameParts(after)
      await store.deleteNameParts(tx, userId, [...partsBefore.difference(partsAfter)])
      await store.insertNameParts(tx, userId, [...partsAfter.difference(partsBefore)])

      const { username, displayName } = after
      const avatar = shownAvatar(after)
      const looksSame =
        username === before.username &&
        displayName === before.displayName &&
        avatar === shownAvatar(before)
      if (!looksSame) {
        await outbox.add(tx, 'profileChanged', { userId, username, displayName, avatar }, origin)
      }
      return { before, after }
    },
  }
  return profiles
}
