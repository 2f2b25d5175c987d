import { users } from '../../../contracts/users.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { present, readSettings, writeSettings } from '../rules.ts'
import { listSettingsOf } from '../store/profiles.ts'

type Handled = Pick<Handlers<typeof users>, 'getSettings' | 'updateSettings' | 'getSettingsOf'>

const fail = failuresOf(users)

export function createSettingsHandlers({ db, profiles, presence }: Deps): Handled {
  return {
    async getSettings(_, call) {
      return readSettings(await profiles.get(call.actor.id, call))
    },

    async updateSettings(given, call) {
      const { id } = await profiles.get(call.actor.id, call)
      const changed = await db.transaction().execute((tx) =>
        profiles.change(tx, id, call, (before) => ({
          settings: writeSettings({ ...readSettings(before), ...present(given) }),
        })),
      )
      if (!changed) throw fail('user_not_found')
      const before = readSettings(changed.before)
      const after = readSettings(changed.after)
      if (before.statusVisibility !== after.statusVisibility) await presence.announce(id)
      return after
    },

    async getSettingsOf({ userIds }) {
      const rows = await listSettingsOf(db, userIds)
      return { people: rows.map((row) => ({ userId: row.id, settings: readSettings(row) })) }
    },
  }
}
