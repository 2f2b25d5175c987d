import { setImmediate } from 'node:timers/promises'
import type { chat } from '../../../contracts/chat.ts'
import { type Cursor, isTuple, readCursor, toPage } from '../../../kit/page.ts'
import type { Handlers } from '../../../kit/service.ts'
import { getParticipant } from '../access.ts'
import type { ChatDeps } from '../deps.ts'
import { findSnippet, fold, termOfConversation, termsOfNeedle } from '../folding.ts'
import { toMessage } from '../rows.ts'
import { listIdsOf } from '../store/conversations.ts'
import { findAt, findLastPosition, listFound, messageTerms } from '../store/search.ts'
import type { MessageRow } from '../tables.ts'

type Position = [position: number]
type Found = { row: MessageRow; snippet: string }
type Range = { above: number; below: number }

/** Conversations whose own terms narrow a search down; more of them cost more than they save. */
const narrowedBy = 100
/** Candidates looked at in one turn: few at first, because mostly they do. */
const fewCandidates = 64
const manyCandidates = 1_024
/** How far the clocks of the processes that stored the messages may be apart. */
const clockSkewMs = 60_000

export function createSearchHandlers({
  db,
}: ChatDeps): Pick<Handlers<typeof chat>, 'searchMessages'> {
  /** Between which positions the messages of a time lie; they are stored in the order of time. */
  async function findRange(from: string | undefined, to: string | undefined): Promise<Range> {
    const last = await findLastPosition(db)
    return {
      above: from === undefined ? 0 : (await findPositionAt(from, -clockSkewMs, last)) - 1,
      below: to === undefined ? last + 1 : await findPositionAt(to, clockSkewMs, last),
    }
  }

  async function findPositionAt(time: string, shiftMs: number, last: number): Promise<number> {
    const wanted = new Date(Date.parse(time) + shiftMs).toISOString()
    let low = 1
    let high = last + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const [message] = await findAt(db, { position: middle })
      if (!message || message.createdAt >= wanted) high = middle
      else low = message.position + 1
    }
    return low
  }

  return {
    async searchMessages({ q, conversationId, from, to, limit, cursor: text }, call) {
      const { id: userId } = call.actor
      const cursor = readCursor(text, isTuple(['number']))
      if (conversationId !== undefined) await getParticipant(db, conversationId, userId)
      const needle = fold(q.trim())
      const own =
        conversationId === undefined
          ? await listIdsOf(db, userId, { limit: narrowedBy + 1 })
          : [conversationId]
      const request = { limit, cursor }
      const found: Found[] = []
      const conditions = {
        userId,
        conversationId,
        from: from === undefined ? undefined : new Date(from).toISOString(),
        to: to === undefined ? undefined : new Date(to).toISOString(),
      }
      const terms = termsOfNeedle(needle)
      const oneOf = own.length > narrowedBy ? [] : own.map(termOfConversation)
      const order = cursor?.back ? 'asc' : 'desc'
      let range = startAt(await findRange(conditions.from, conditions.to), cursor)
      let size = fewCandidates
      let more = own.length > 0 && terms.length > 0
      while (more && found.length <= limit && Date.now() < call.deadline) {
        const positions = await messageTerms.list(db, {
          terms,
          oneOf,
          ...range,
          order,
          limit: size,
        })
        const edge = positions.at(-1)
        if (edge === undefined) break
        const rows = await listFound(db, { ...conditions, positions })
        for (const row of rows.sort(by(order))) {
          const snippet = findSnippet(row.content, needle)
          if (snippet !== undefined) found.push({ row, snippet })
        }
        range = order === 'asc' ? { ...range, above: edge } : { ...range, below: edge }
        more = positions.length === size
        size = manyCandidates
        // Others have their turn between two of these.
        if (more) await setImmediate()
      }
      return toPage(
        found.slice(0, limit + 1),
        request,
        ({ row }): Position => [row.position],
        ({ row, snippet }) => ({ message: toMessage(row), snippet }),
      )
    },
  }
}

function startAt(range: Range, cursor: Cursor<Position> | undefined): Range {
  if (!cursor) return range
  const [position] = cursor.at
  return cursor.back
    ? { ...range, above: Math.max(range.above, position) }
    : { ...range, below: Math.min(range.below, position) }
}

function by(order: 'asc' | 'desc') {
  const sign = order === 'asc' ? 1 : -1
  return (one: MessageRow, other: MessageRow) => sign * (one.position - other.position)
}
