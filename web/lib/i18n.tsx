import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { Failure } from '../../client/index.ts'
import type { en, Messages } from '../i18n/en.ts'
import { createFormats, type Formats } from './formats.ts'
import { createTranslate, type Translate } from './messages.ts'

export const languages = { en: 'English', es: 'Español' } as const
export type Language = keyof typeof languages
export type T = Translate<typeof en>
/** Any message of the app, by name. */
export type MessageKey = keyof typeof en

const loaders: Record<Language, () => Promise<Messages>> = {
  en: () => import('../i18n/en.ts').then(({ en }) => en),
  es: () => import('../i18n/es.ts').then(({ es }) => es),
}

export type I18n = Formats & {
  t: T
  /** What went wrong, in a sentence: of a failure by its code, and of a bug in general. */
  explain(error: unknown): string
  language: Language
  /** Loads another language, keeps the choice in this browser, and shows it. */
  setLanguage(language: Language): Promise<void>
}

type Loaded = { language: Language; messages: Messages }

const key = 'stoa.language'
const I18nContext = createContext<I18n | undefined>(undefined)

/** The language of ours that a language tag comes nearest to, if one does. */
export function readLanguage(tag: string | null | undefined): Language | undefined {
  const [language = ''] = (tag ?? '').toLowerCase().split('-')
  return language in languages ? (language as Language) : undefined
}

export async function loadLanguage(language: Language): Promise<Loaded> {
  return { language, messages: await loaders[language]() }
}

/** Whether somebody has chosen a language in this browser. */
export function isLanguageChosen(): boolean {
  return localStorage.getItem(key) !== null
}

/** The language that was chosen in this browser, or else the first of the browser's that we have. */
export function firstLanguage(): Language {
  const wanted = [localStorage.getItem(key), ...navigator.languages]
  return wanted.map(readLanguage).find((language) => language !== undefined) ?? 'en'
}

export function I18nProvider({ first, children }: { first: Loaded; children: ReactNode }) {
  const [{ language, messages }, setLoaded] = useState(first)

  useEffect(() => {
    document.documentElement.lang = language
    // Neither language is written from right to left; one that is would be named here.
    document.documentElement.dir = 'ltr'
  }, [language])

  const i18n = useMemo<I18n>(() => {
    // Dates and numbers are written as this person's country does, when it is of this language.
    const locale = navigator.languages.find((tag) => readLanguage(tag) === language) ?? language
    const t = createTranslate<typeof en>(messages, locale)
    return {
      ...createFormats(locale),
      t,
      explain(error) {
        if (!(error instanceof Failure)) return messages['failure.internal']
        if (error.code === 'rate_limited' && error.retryAfter) {
          return t('state.waitSeconds', { count: error.retryAfter })
        }
        const known: Record<string, unknown> = messages
        const said = known[`failure.${error.code}`]
        return typeof said === 'string' ? said : error.message
      },
      language,
      async setLanguage(next) {
        localStorage.setItem(key, next)
        setLoaded(await loadLanguage(next))
      },
    }
  }, [language, messages])

  return <I18nContext value={i18n}>{children}</I18nContext>
}

export function useI18n(): I18n {
  const i18n = useContext(I18nContext)
  if (!i18n) throw new Error('There is no I18nProvider above this component.')
  return i18n
}
