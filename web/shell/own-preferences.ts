import { useMantineColorScheme } from '@mantine/core'
import { useEffect, useEffectEvent } from 'react'
import { useCall } from '../lib/calls.ts'
import { isLanguageChosen, readLanguage, useI18n } from '../lib/i18n.tsx'
import { schemeKey } from '../lib/theme.ts'

const schemes = { on: 'dark', off: 'light', system: 'auto' } as const

/**
 * What somebody chose on another device counts here too, until something is chosen in this browser.
 */
export function useOwnPreferences(): void {
  const { setLanguage } = useI18n()
  const { setColorScheme } = useMantineColorScheme()
  const locale = useCall('users', 'getMe', {}, { staleTime: 300_000 }).data?.locale
  const darkMode = useCall('users', 'getSettings', {}, { staleTime: 300_000 }).data?.darkMode

  const applyLanguage = useEffectEvent(() => {
    const language = readLanguage(locale)
    if (language && !isLanguageChosen()) void setLanguage(language)
  })
  const applyScheme = useEffectEvent(() => {
    if (darkMode && darkMode !== 'system' && localStorage.getItem(schemeKey) === null) {
      setColorScheme(schemes[darkMode])
    }
  })
  useEffect(() => applyLanguage(), [locale])
  useEffect(() => applyScheme(), [darkMode])
}
