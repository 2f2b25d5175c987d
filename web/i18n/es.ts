import type { Messages } from './en.ts'
import { admin } from './es/admin.ts'
import { chat } from './es/chat.ts'
import { entrance } from './es/entrance.ts'
import { failures } from './es/failures.ts'
import { frame } from './es/frame.ts'
import { notifications } from './es/notifications.ts'
import { people } from './es/people.ts'
import { settings } from './es/settings.ts'

export const es: Messages = {
  ...admin,
  ...chat,
  ...frame,
  ...failures,
  ...entrance,
  ...notifications,
  ...people,
  ...settings,
}
