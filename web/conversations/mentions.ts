import type { PersonSummary } from './shapes.ts'

/** Whom names in a text mean: `@name` → id. */
export type Mentions = Readonly<Record<string, string>>

const written = /@\[([^\]\n]{1,100})\]\(([^()\s]{1,64})\)/g

/** How somebody is named in the text, so that two of one name are told apart. */
export function mentionOf(person: PersonSummary, mentions: Mentions): string {
  const name = `@${person.displayName.replace(/[[\]]/g, '')}`
  const taken = mentions[name] !== undefined && mentions[name] !== person.id
  return taken || name === '@' ? `@${person.username}` : name
}

/** The text as it is sent: each name that was chosen tells whom it means. */
export function withIds(text: string, mentions: Mentions): string {
  // Longer names first: `@Ana María` is not `@Ana` and a surname.
  const names = Object.keys(mentions).sort((one, other) => other.length - one.length)
  if (names.length === 0) return text
  const anyName = new RegExp(`(?:${names.map(quoted).join('|')})(?![\\p{L}\\p{N}_])`, 'gu')
  return text.replace(anyName, (name) => `@[${name.slice(1)}](${mentions[name]})`)
}

/** A sent text as it was written, for changing it. */
export function withoutIds(content: string): { text: string; mentions: Mentions } {
  const mentions: Record<string, string> = {}
  const text = content.replace(written, (_, name: string, id: string) => {
    mentions[`@${name}`] = id
    return `@${name}`
  })
  return { text, mentions }
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** The beginning of a name that is being written at a place in a text, and where it begins. */
export function mentionAt(
  text: string,
  caret: number,
): { start: number; word: string } | undefined {
  const found = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,30})$/u.exec(
    text.slice(Math.max(0, caret - 40), caret),
  )
  if (!found) return undefined
  const word = found[1] ?? ''
  return { start: caret - word.length - 1, word }
}

/** People whose name or username begins with a word, or holds a word that does. */
export function findMentioned(
  people: readonly PersonSummary[],
  word: string,
  atMost = 6,
): PersonSummary[] {
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const wanted = plain(word)
  return people
    .filter(({ displayName, username }) => {
      const words = [username, ...displayName.split(/\s+/)]
      return words.some((one) => plain(one).startsWith(wanted))
    })
    .slice(0, atMost)
}
