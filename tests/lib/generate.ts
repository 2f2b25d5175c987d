import type { JsonSchema } from './sample.ts'
import { sampleOf } from './sample.ts'

/** What generated inputs are made of. */
export type World = {
  random: (below: number) => number
  /** Values that the server has given out, by the name of the field that takes them. */
  seen: Map<string, string[]>
}

/** Something that a schema allows, mostly of things that exist. */
export function generate(schema: JsonSchema, world: World, name = ''): unknown {
  const { random } = world
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return pick(schema.enum, random)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return generate(pick(alternatives, random) ?? {}, world, name)
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).filter(
        ([field]) => schema.required?.includes(field) || random(2) === 0,
      )
      return Object.fromEntries(
        fields.map(([field, property]) => [field, generate(property, world, field)]),
      )
    }
    case 'array': {
      const least = schema.minItems ?? 0
      const length = Math.min(least + random(4), schema.maxItems ?? Number.POSITIVE_INFINITY)
      const one = name.replace(/s$/, '')
      return Array.from({ length }, () => generate(schema.items ?? {}, world, one))
    }
    case 'integer':
    case 'number': {
      const low = Math.max(schema.minimum ?? -1_000, -(2 ** 31))
      const high = Math.min(schema.maximum ?? 1_000, 2 ** 31)
      return pick([low, high, low + random(high - low + 1)], random)
    }
    case 'boolean':
      return random(2) === 0
    case 'string':
      return generateText(schema, world, name)
    default:
      return sampleOf(schema, name)
  }
}

function generateText(schema: JsonSchema, world: World, name: string): string {
  const { random, seen } = world
  const known = seen.get(name)
  if (known && known.length > 0 && random(5) > 0) return pick(known, random) ?? ''
  if (schema.format === 'date-time') return new Date(random(2 ** 31) * 2_000).toISOString()
  if (schema.format === 'uuid' || /id$/i.test(name)) return crypto.randomUUID()
  if (schema.format || schema.pattern) {
    const word = `user${random(50)}`
    const wanted = schema.pattern ? new RegExp(schema.pattern, 'u') : undefined
    const fitting = [
      word,
      `${word}@example.org`,
      `https://example.org/${word}`,
      'en',
      '+4915112345',
    ]
    return fitting.find((text) => wanted?.test(text)) ?? String(sampleOf(schema, name))
  }
  const least = schema.minLength ?? 0
  const most = Math.min(schema.maxLength ?? 60, 6_000)
  const length = random(20) === 0 ? most : Math.min(most, least + random(40))
  const alphabet = pick(alphabets, random) ?? ''
  const characters = [...new Intl.Segmenter().segment(alphabet)].map(({ segment }) => segment)
  let text = ''
  while (text.length < length) text += pick(characters, random)
  return text.length > most ? text.slice(0, most).toWellFormed() : text
}

const alphabets = [
  'abcdefghijklmnop qrstuvwxyz',
  'ABC 0123456789-_.,:;!?',
  'äöüßéèñçøå ĞİıŞ ﬁ',
  'данас је леп дан',
  'שלום עולם مرحبا بالعالم',
  '日本語の文章をここに書く 你好',
  '👍🏽👩‍👩‍👧‍👦🇩🇪❤️‍🔥 ñ',
  '"\'\\/<>&%_*()[]{}$#@^~|`',
]

/** What nobody should send, and somebody does. */
const oddities: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\u200b\ufeff',
  'a'.repeat(9_000),
  '9'.repeat(400),
  '-0',
  'NaN',
  'null',
  '%00',
  '../../../etc/passwd',
  "' or 1=1; drop table account; --",
  '"*" NEAR(a b) OR',
  '<script>alert(1)</script>',
  '2026-02-30T25:61:61Z',
  '0000-00-00T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  'eyJhIjoxfQ',
  '__proto__',
  'constructor',
  [],
  [[]],
  [null],
  {},
  { length: 3 },
  JSON.parse('{"__proto__": {"polluted": true}}'),
  JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`),
  Array.from({ length: 1_000 }, (_, index) => index),
]

/** The same input with one thing wrong about it, or at least unusual. */
export function spoil(
  input: Readonly<Record<string, unknown>>,
  { random, seen }: World,
): Record<string, unknown> {
  const field = pick(Object.keys(input), random)
  const odd = pick(oddities, random)
  if (field === undefined || random(8) === 0) {
    return { ...input, [pick(['surprise', '__proto__', 'constructor', ''], random) ?? '']: odd }
  }
  const { [field]: value, ...rest } = input
  if (random(6) === 0) return rest
  if (random(6) === 0) return { ...rest, [field]: pick([...seen.values()].flat(), random) }
  if (Array.isArray(value) && random(2) === 0) return { ...rest, [field]: [...value, odd] }
  return { ...rest, [field]: odd }
}

export function pick<T>(values: readonly T[], random: (below: number) => number): T | undefined {
  return values[random(values.length)]
}
