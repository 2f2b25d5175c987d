/**
 * How text is compared in a search: without regard to case, width and presentation forms.
 * What differs only in these is one and the same after folding.
 */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').replaceAll('\uFE0F', '')
}

/** Characters that would end a term become private ones that do not. */
const separators = /[\0-\x2F\x3A-\x60\x7B-\x7F]/g
const firstPrivate = 0xe000

/** Pieces of one, two and three characters, so that any part of any word is found. */
const longest = 3

/** The terms under which a text is found: every piece of it, once. */
export function termsOf(text: string): Set<string> {
  const characters = charactersOf(fold(text))
  const terms = new Set<string>()
  for (let length = 1; length <= longest; length += 1) addPieces(terms, characters, length)
  return terms
}

/** The terms that a text must have to hold what is looked for. */
export function termsOfNeedle(needle: string): string[] {
  const characters = charactersOf(fold(needle))
  const terms = new Set<string>()
  addPieces(terms, characters, Math.min(longest, characters.length))
  return [...terms]
}

/** The term that every message of a conversation has; longer than any piece of text. */
export function termOfConversation(conversationId: string): string {
  return `conversation${conversationId.replaceAll('-', '')}`
}

function addPieces(terms: Set<string>, characters: string | string[], length: number): void {
  for (let start = 0; start + length <= characters.length; start += 1) {
    const piece = characters.slice(start, start + length)
    terms.add(typeof piece === 'string' ? piece : piece.join(''))
  }
}

/** A text whose units are its characters: itself, unless it has characters of two units. */
function charactersOf(folded: string): string | string[] {
  const whole = folded.replace(separators, (character) =>
    String.fromCharCode(firstPrivate + character.charCodeAt(0)),
  )
  return /[\uD800-\uDFFF]/.test(whole) ? [...whole] : whole
}

const shownBefore = 40
const shownAtMost = 160

/** The part of a text around what was looked for; nothing when the text does not hold it. */
export function findSnippet(text: string, foldedNeedle: string): string | undefined {
  const at = fold(text).indexOf(foldedNeedle)
  if (at < 0) return undefined
  const characters = [...text]
  let start = 0
  for (let folded = 0; start < characters.length && folded < at; start += 1) {
    folded += fold(characters[start] ?? '').length
  }
  const from = Math.max(0, start - shownBefore)
  const part = characters.slice(from, from + shownAtMost).join('')
  const more = from + shownAtMost < characters.length
  return `${from > 0 ? '…' : ''}${part}${more ? '…' : ''}`
}
