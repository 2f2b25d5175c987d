import type { SameKeys } from '../lib/messages.ts'
import { admin } from './en/admin.ts'
import { chat } from './en/chat.ts'
import { entrance } from './en/entrance.ts'
import { failures } from './en/failures.ts'
import { frame } from './en/frame.ts'
import { notifications } from './en/notifications.ts'
import { people } from './en/people.ts'
import { settings } from './en/settings.ts'

/** Every message of the app. A language that lacks one of them does not compile. */
export const en = {
  ...admin,
  ...chat,
  ...frame,
  ...failures,
  ...entrance,
  ...notifications,
  ...people,
  ...settings,
} as const

export type Messages = SameKeys<typeof en>
