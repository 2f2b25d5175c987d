import type { ScreenShot } from './screen.ts'
import { chatScreens } from './screens-chat.ts'
import { frameScreens } from './screens-frame.ts'
import { peopleScreens } from './screens-people.ts'
import { settingsScreens } from './screens-settings.ts'

/** Every screen there is. */
export const screens: readonly ScreenShot[] = [
  ...frameScreens,
  ...peopleScreens,
  ...settingsScreens,
  ...chatScreens,
]
