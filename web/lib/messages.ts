/** A sentence with `{names}` to be filled in, or one for each plural form that a language has. */
export type Message = string | PluralMessage
export type PluralMessage = { one: string; other: string; many?: string }

/** What a language must offer for what English offers: the same keys, sentence for sentence. */
export type SameKeys<M extends Record<string, Message>> = {
  [K in keyof M]: M[K] extends string ? string : PluralMessage
}

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never

type NamesOf<M extends Message> = M extends string
  ? Names<M>
  : 'count' | (M extends PluralMessage ? Names<M['other']> : never)

type Values<M extends Message> = {
  [N in NamesOf<M>]: N extends 'count' ? number : string | number
}

/** Says a message: the values that it names are arguments, unless it names none. */
export type Translate<M extends Record<string, Message>> = <K extends keyof M>(
  key: K,
  ...values: [NamesOf<M[K]>] extends [never] ? [] : [Values<M[K]>]
) => string

export function createTranslate<M extends Record<string, Message>>(
  messages: SameKeys<M>,
  locale: string,
): Translate<M> {
  const plural = new Intl.PluralRules(locale)
  const number = new Intl.NumberFormat(locale)
  return (key, ...[values = {}]) => {
    const message = messages[key] as Message
    const given = values as Record<string, string | number>
    const form = typeof message === 'string' ? message : pick(message, plural, given.count)
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = given[name]
      if (value === undefined) return whole
      return typeof value === 'number' ? number.format(value) : value
    })
  }
}

function pick(message: PluralMessage, rules: Intl.PluralRules, count: unknown): string {
  const form = rules.select(Number(count))
  return message[form as keyof PluralMessage] ?? message.other
}
