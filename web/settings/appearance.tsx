import { NativeSelect, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useAction } from '../lib/calls.ts'
import { type Language, languages, useI18n } from '../lib/i18n.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './section.module.css'

const schemes = ['auto', 'light', 'dark'] as const
type Scheme = (typeof schemes)[number]
/** As the settings name them, which other devices of the person read. */
const darkModes = { auto: 'system', light: 'off', dark: 'on' } as const

/** Applied at once and kept in this browser; the account remembers them for others. */
export function AppearanceSection() {
  const { t, explain, language, setLanguage } = useI18n()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const say = useSay()
  const onError = (failure: Error) => say(explain(failure), 'danger')
  const saveSettings = useAction('users', 'updateSettings', { onError })
  const saveProfile = useAction('users', 'updateMe', { onError })

  return (
    <div className={classes.section}>
      <fieldset className={classes.group}>
        <legend className={classes.legend}>{t('scheme.label')}</legend>
        <SegmentedControl
          aria-label={t('scheme.label')}
          value={colorScheme}
          onChange={(value) => {
            const scheme = value as Scheme
            setColorScheme(scheme)
            saveSettings.mutate({ darkMode: darkModes[scheme] })
          }}
          data={schemes.map((value) => ({ value, label: t(`scheme.${value}`) }))}
        />
      </fieldset>
      <NativeSelect
        label={t('language.label')}
        value={language}
        onChange={(event) => {
          const next = event.currentTarget.value as Language
          void setLanguage(next)
          saveProfile.mutate({ locale: next })
        }}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
      <p className={classes.note}>{t('settings.languageNote')}</p>
    </div>
  )
}
