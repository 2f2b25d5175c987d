export const longestPreview = 140
const mentionsAtMost = 50

/** A message's id names its conversation and its place there; nobody else reads it. */
export function messageIdOf({ conversationId, seq }: { conversationId: string; seq: number }) {
  return `${conversationId}-${seq}`
}

/** What a message's id names, if it is one. */
export function readMessageId(id: string): { conversationId: string; seq: number } | undefined {
  const [, conversationId = '', seq = ''] = /^(.+)-([1-9]\d{0,14})$/.exec(id) ?? []
  return seq === '' ? undefined : { conversationId, seq: Number(seq) }
}

/** The one name of two people, whoever of them asks. */
export function pairOf(one: string, other: string): string {
  return JSON.stringify([one, other].sort())
}

/** Who of a pair is not this one. */
export function otherOf(pair: string, userId: string): string {
  const [one = '', other = ''] = JSON.parse(pair) as string[]
  return one === userId ? other : one
}

/** The people whom a text mentions as `@[name](userId)`, each once. */
export function mentionedIn(content: string): string[] {
  const found = content.matchAll(/@\[[^\]]{1,100}\]\(([^()\s]{1,64})\)/g)
  return [...new Set([...found].map((match) => match[1] ?? ''))].slice(0, mentionsAtMost)
}

/** The beginning of a text, with mentions shown as the names in them. */
export function previewOf(content: string): string {
  const shown = content
    .slice(0, 2 * longestPreview)
    .replace(/@\[([^\]]{1,100})\]\([^()\s]{1,64}\)/g, '@$1')
  // A character of two units is not cut in half.
  return [...shown]
    .slice(0, longestPreview)
    .join('')
    .replace(/\p{Cs}$/u, '')
}

/** Whether a mute is on: without an end, or with one yet to come. */
export function isMuted(
  { muted, mutedUntil }: { muted: number; mutedUntil: string | null },
  now: string,
): boolean {
  return muted === 1 && (mutedUntil === null || mutedUntil > now)
}

/** Whether a conversation is archived: a new message brings it back, unless it is muted. */
export function isArchived(
  row: { archivedSeq: number | null; lastSeq: number; muted: number; mutedUntil: string | null },
  now: string,
): boolean {
  return row.archivedSeq !== null && (row.lastSeq <= row.archivedSeq || isMuted(row, now))
}

/** Others' messages after `readSeq` that are still there: nothing is counted when one is sent. */
export function countUnread(row: {
  lastSeq: number
  readSeq: number
  sent: number
  readSent: number
  deletedUnread: number | string | bigint | null
}): number {
  const own = row.sent - row.readSent
  return row.lastSeq - row.readSeq - own - Number(row.deletedUnread)
}
