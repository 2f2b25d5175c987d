/** What a message says, taken apart: a small part of Markdown, and nothing that is HTML. */
export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong' | 'emphasis' | 'strike'; children: Inline[] }
  | { kind: 'link'; href: string; text: string }
  | { kind: 'mention'; userId: string; name: string }

type ListItem = { level: number; children: Inline[] }

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | undefined; items: ListItem[] }

const quotesAtMost = 3
const nestedAtMost = 4
const listLine = /^(\s{0,12})(?:[-*+]|(\d{1,9})[.)])[ \t]+(\S.*)$/
const fence = /^\s{0,3}```([\w+-]*)\s*$/

/** Takes a text apart in time that grows with its length, whatever is in it. */
export function readMarkup(text: string): Block[] {
  return readBlocks(text.replace(/\r\n?/g, '\n').split('\n'), 0)
}

function readBlocks(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = []
  let paragraph: string[] = []
  function endParagraph(): void {
    const text = paragraph.join('\n').replace(/^\n+|\s+$/g, '')
    if (text !== '') blocks.push({ kind: 'paragraph', children: readInline(text) })
    paragraph = []
  }

  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? ''
    const end = endOfBlock(lines, at, depth)
    if (end === at) {
      paragraph.push(line)
      at += 1
      continue
    }
    endParagraph()
    blocks.push(readBlock(lines.slice(at, end), depth))
    at = end
  }
  endParagraph()
  return blocks
}

/** Where the code, quote or list that begins here ends; here, when none does. */
function endOfBlock(lines: readonly string[], start: number, depth: number): number {
  const first = lines[start] ?? ''
  if (fence.test(first)) {
    const close = lines.findIndex((line, at) => at > start && /^\s{0,3}```\s*$/.test(line))
    return close < 0 ? lines.length : close + 1
  }
  const isQuote = (line: string) => depth < quotesAtMost && line.startsWith('>')
  const belongs = isQuote(first) ? isQuote : (line: string) => listLine.test(line)
  let end = start
  while (end < lines.length && belongs(lines[end] ?? '')) end += 1
  return end
}

function readBlock(lines: readonly string[], depth: number): Block {
  const [first = ''] = lines
  if (fence.test(first)) {
    const closed = lines.length > 1 && /^\s{0,3}```\s*$/.test(lines.at(-1) ?? '')
    return { kind: 'code', text: lines.slice(1, closed ? -1 : undefined).join('\n') }
  }
  if (depth < quotesAtMost && first.startsWith('>')) {
    const inside = lines.map((line) => line.replace(/^> ?/, ''))
    return { kind: 'quote', blocks: readBlocks(inside, depth + 1) }
  }
  const number = listLine.exec(first)?.[2]
  return {
    kind: 'list',
    start: number === undefined ? undefined : Number(number),
    items: lines.map((line) => {
      const [, indent = '', , text = ''] = listLine.exec(line) ?? []
      return { level: Math.min(3, Math.floor(indent.length / 2)), children: readInline(text) }
    }),
  }
}

const special = /[\\`*_~[@h]/g
const escaped = /\\([\\`*_~[\]()>@#+.-])/y
const code = /`([^`\n]+)`/y
const mention = /@\[([^\]\n]{1,100})\]\(([^()\s]{1,64})\)/y
const namedLink = /\[([^\][\n]{1,200})\]\((https?:\/\/[^()\s<>"]{1,2000})\)/y
const bareLink = /https?:\/\/[^\s<>"]{1,2000}/y
const marks = [
  ['**', 'strong'],
  ['~~', 'strike'],
  ['*', 'emphasis'],
  ['_', 'emphasis'],
] as const

function readInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = []
  let plain = ''
  /** Marks that nothing closes any more in this line: not to be looked for again. */
  const closedUp = new Map<string, number>()

  function add(piece: Inline): void {
    if (plain !== '') found.push({ kind: 'text', text: plain })
    plain = ''
    found.push(piece)
  }

  function match(pattern: RegExp, at: number): RegExpExecArray | null {
    pattern.lastIndex = at
    return pattern.exec(text)
  }

  /** Reads what begins at a place; how long it is, or 0 for nothing. */
  function readAt(at: number): number {
    const one = text[at]
    if (one === '\\') {
      const found = match(escaped, at)
      if (found) plain += found[1]
      return found?.[0].length ?? 0
    }
    if (one === '`') {
      const found = match(code, at)
      if (found) add({ kind: 'code', text: found[1] ?? '' })
      return found?.[0].length ?? 0
    }
    if (one === '@') {
      const found = match(mention, at)
      if (found) add({ kind: 'mention', name: found[1] ?? '', userId: found[2] ?? '' })
      return found?.[0].length ?? 0
    }
    if (one === '[') {
      const found = match(namedLink, at)
      const href = found && readAddress(found[2] ?? '')
      if (href) add({ kind: 'link', text: found[1] ?? '', href })
      return href ? found[0].length : 0
    }
    if (one === 'h') {
      if (/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return 0
      const found = match(bareLink, at)
      const shown = found && withoutEnd(found[0])
      const href = shown && readAddress(shown)
      if (href) add({ kind: 'link', text: shown, href })
      return href ? shown.length : 0
    }
    return readMarked(at)
  }

  function readMarked(at: number): number {
    const [mark, kind] = marks.find(([mark]) => text.startsWith(mark, at)) ?? []
    if (!mark || !kind || depth >= nestedAtMost) return 0
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    if (closedUp.get(mark) === end) return 0
    const start = at + mark.length
    if (/\s/.test(text[start] ?? ' ')) return 0
    if (mark === '_' && isWord(text[at - 1])) return 0
    for (let close = text.indexOf(mark, start + 1); close >= 0 && close < end; ) {
      const before = text[close - 1] ?? ' '
      const after = text[close + mark.length]
      const fits = !/\s/.test(before) && !(mark === '_' && isWord(after)) && after !== mark[0]
      if (fits) {
        add({ kind, children: readInline(text.slice(start, close), depth + 1) })
        return close + mark.length - at
      }
      close = text.indexOf(mark, close + mark.length)
    }
    closedUp.set(mark, end)
    return 0
  }

  for (let at = 0; at < text.length; ) {
    special.lastIndex = at
    const next = special.exec(text)?.index ?? text.length
    plain += text.slice(at, next)
    if (next === text.length) break
    const length = readAt(next)
    if (length === 0) plain += text[next]
    at = next + Math.max(1, length)
  }
  if (plain !== '') found.push({ kind: 'text', text: plain })
  return found
}

function isWord(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}_]/u.test(letter)
}

/** The stops after an address belong to the sentence, and so does a bracket that it did not open. */
function withoutEnd(address: string): string {
  let end = address.length
  let open = address.split('(').length - address.split(')').length
  for (; end > 0; end -= 1) {
    const last = address[end - 1] ?? ''
    const unopened = last === ')' && open < 0
    if (!unopened && !/[.,;:!?'"*_~]/.test(last)) break
    if (unopened) open += 1
  }
  return address.slice(0, end)
}

function readAddress(text: string): string | undefined {
  return /^https?:\/\/[^/?#@]+(?:[/?#]|$)/.test(text) && URL.canParse(text)
    ? new URL(text).href
    : undefined
}
