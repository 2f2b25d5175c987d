import type { accounts } from '../../contracts/accounts.ts'
import type { Subscribers } from '../../kit/service.ts'
import type { Deps } from './deps.ts'
import { newProfile, present } from './rules.ts'
import { findProfile } from './store/profiles.ts'
import type { ProfileRow, UsersTables } from './tables.ts'

export function createSubscribers({
  profiles,
  presence,
}: Pick<Deps, 'profiles' | 'presence'>): Subscribers<UsersTables, { accounts: typeof accounts }> {
  return {
    accounts: {
      async accountRegistered(tx, account, record) {
        const { userId, username, displayName, email, role, registeredAt, locale } = account
        const { publicEmail = false, ...told } = account.profile
        const blank = newProfile({
          id: userId,
          username,
          displayName,
          email,
          role,
          blocked: 0,
          registeredAt,
        })
        const profile: ProfileRow = {
          ...blank,
          ...present(told),
          locale: locale ?? null,
          publicEmail: toFlag(publicEmail),
        }
        if (await profiles.add(tx, profile)) return

        // The person was faster and has a profile already: what they have entered stays.
        const untouched = (await findProfile(tx, userId))?.updatedAt === registeredAt
        await profiles.change(tx, userId, record, (before) => ({
          ...Object.fromEntries(
            Object.entries(profile).filter(
              ([field]) => before[field as keyof typeof before] === null,
            ),
          ),
          ...(before.displayName === before.username && { displayName }),
          // Off may be the default or a choice: only a profile that nobody changed has no choice.
          ...(untouched && { publicEmail: profile.publicEmail }),
        }))
      },

      async accountConfirmed(tx, { userId, email }, record) {
        await profiles.change(tx, userId, record, () => ({ email }))
      },

      async accountChanged(tx, { userId, username, role, blocked }, record) {
        if (blocked) await presence.hide(tx, userId)
        await profiles.change(tx, userId, record, () => ({
          username,
          role,
          blocked: toFlag(blocked),
        }))
      },

      async accountBlocked(tx, { userId }, record) {
        await presence.hide(tx, userId)
        await profiles.change(tx, userId, record, () => ({ blocked: 1 }))
      },

      async accountUnblocked(tx, { userId }, record) {
        await profiles.change(tx, userId, record, () => ({ blocked: 0 }))
      },
    },
  }
}

function toFlag(value: boolean): 0 | 1 {
  return value ? 1 : 0
}
