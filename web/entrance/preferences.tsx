import { useMantineColorScheme } from '@mantine/core'
import { type Language, languages, useI18n } from '../lib/i18n.tsx'
import classes from './preferences.module.css'

/** Language and appearance, for this browser. */
export function Preferences() {
  const { t, language, setLanguage } = useI18n()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <footer className={classes.preferences}>
      <label>
        <span className="said">{t('language.label')}</span>
        <select
          className={classes.select}
          value={language}
          onChange={(event) => void setLanguage(event.target.value as Language)}
        >
          {Object.entries(languages).map(([key, name]) => (
            <option key={key} value={key} lang={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="said">{t('scheme.label')}</span>
        <select
          className={classes.select}
          value={colorScheme}
          onChange={(event) => setColorScheme(event.target.value as typeof colorScheme)}
        >
          <option value="auto">{t('scheme.auto')}</option>
          <option value="light">{t('scheme.light')}</option>
          <option value="dark">{t('scheme.dark')}</option>
        </select>
      </label>
    </footer>
  )
}
