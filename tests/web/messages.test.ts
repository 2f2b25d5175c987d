import { expect, test } from 'vitest'
import { en } from '../../web/i18n/en.ts'
import { es } from '../../web/i18n/es.ts'
import { createFormats } from '../../web/lib/formats.ts'
import { createTranslate, type Message } from '../../web/lib/messages.ts'

const inEnglish: Readonly<Record<string, Message>> = en
const inSpanish: Readonly<Record<string, Message>> = es

/** The names that a message asks for, whichever of its forms is said. */
function namesOf(message: Message): string[] {
  const forms = typeof message === 'string' ? [message] : Object.values(message)
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort()
}

test('every Spanish message says the same values as the English one', () => {
  const different = Object.keys(inEnglish).filter((key) => {
    const [english = '', spanish = ''] = [inEnglish[key], inSpanish[key]]
    return namesOf(english).join() !== namesOf(spanish).join()
  })

  expect(different).toEqual([])
  expect(Object.keys(inSpanish).sort()).toEqual(Object.keys(inEnglish).sort())
})

test('messages are filled in, counted and written as the language does', () => {
  const messages = {
    greeting: 'Hello {name}',
    letters: { one: '{count} letter', other: '{count} letters' },
  } as const
  const t = createTranslate<typeof messages>(messages, 'en')

  expect(t('greeting', { name: '{count} $& <b>' })).toBe('Hello {count} $& <b>')
  expect(t('letters', { count: 1 })).toBe('1 letter')
  expect(t('letters', { count: 12_345 })).toBe('12,345 letters')
  expect(createTranslate<typeof messages>(messages, 'es')('letters', { count: 12_345 })).toBe(
    '12.345 letters',
  )
})

test('times in lists are as short as they can be', () => {
  const { formatRecent, formatDay } = createFormats('en-GB')
  const now = new Date()
  const at = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - days, 9, 5)

  expect(formatRecent(at(0))).toBe('09:05')
  expect(formatRecent(at(1))).toBe('yesterday')
  expect(formatRecent(at(3))).toMatch(/^[A-Z][a-z]+day$/)
  expect(formatRecent(at(800))).toMatch(/^\d+ [A-Z][a-z]+ \d{4}$/)
  expect(formatDay(at(0))).toBe('today')
})
