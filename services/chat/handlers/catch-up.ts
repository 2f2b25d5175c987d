import { setImmediate } from 'node:timers/promises'
import type { chat } from '../../../contracts/chat.ts'
import type { CaughtUpConversation, Message } from '../../../contracts/chat-shapes.ts'
import type { Handlers } from '../../../kit/service.ts'
import type { ChatDeps } from '../deps.ts'
import { toHeader, toMember, toMessage, toState } from '../rows.ts'
import { listOwnRows, type OwnRow } from '../store/conversations.ts'
import { findMessage, listChanges } from '../store/messages.ts'
import { listAllMembers, listReceipts } from '../store/participants.ts'
import { findPins } from '../views.ts'

/** What one answer holds at most; the rest is there for the asking. */
const changesAtMost = 10_000
const charactersAtMost = 4_000_000
const readAtOnce = 500

type Budget = { changes: number; characters: number }

function isSpent({ changes, characters }: Budget): boolean {
  return changes <= 0 || characters <= 0
}

type Known = { conversationId: string; seq: number; version?: number | undefined }

export function createCatchUpHandlers({ db }: ChatDeps): Pick<Handlers<typeof chat>, 'catchUp'> {
  /** The last change that the client surely has. */
  async function getSince(row: OwnRow, { seq, version }: Known): Promise<number> {
    // A version that is still to come was counted by a store that is lost; the messages decide.
    if (version !== undefined && version <= row.version) return version
    const message = await findMessage(db, { conversationId: row.id, seq })
    return message?.firstVersion ?? 0
  }

  /** Changed messages up to the version of `row`, and how far they go. */
  async function readMessages(row: OwnRow, since: number, budget: Budget) {
    const messages: Message[] = []
    let version = since
    while (version < row.version) {
      if (isSpent(budget)) break
      const limit = Math.min(readAtOnce, budget.changes)
      const { id: conversationId, clearedSeq, version: upTo } = row
      const request = { conversationId, since: version, upTo, clearedSeq, limit }
      const changed = await listChanges(db, request)
      for (const message of changed) {
        messages.push(toMessage(message))
        budget.characters -= message.content.length
      }
      budget.changes -= changed.length
      version = changed.length < limit ? row.version : (changed.at(-1)?.version ?? row.version)
      if (changed.length === readAtOnce) await setImmediate()
    }
    return { messages, version }
  }

  async function catchUpOn(
    row: OwnRow,
    known: Known,
    pinned: string[],
    budget: Budget,
  ): Promise<CaughtUpConversation> {
    const since = await getSince(row, known)
    const changedAfter = (version: number) => version > since && !isSpent(budget)
    const header = changedAfter(row.headerVersion) ? toHeader(row, pinned) : undefined
    // State before messages: it may be newer than `version` then, but never older.
    const receipts = changedAfter(row.version) ? await listReceipts(db, row.id, since) : []
    const members = changedAfter(row.membersVersion) ? await listAllMembers(db, row.id) : undefined
    budget.changes -= receipts.length + (members?.length ?? 0)
    const { messages, version } = await readMessages(row, since, budget)
    return {
      conversationId: row.id,
      seq: row.lastSeq,
      version,
      complete: version === row.version,
      own: toState(row, new Date().toISOString()),
      ...(header && { conversation: header }),
      ...(members && { members: members.map(toMember) }),
      receipts,
      messages,
    }
  }

  return {
    async catchUp({ conversations: asked }, call) {
      const known = new Map(asked.map((one) => [one.conversationId, one]))
      const rows = await listOwnRows(db, call.actor.id, [...known.keys()])
      const pins = await findPins(db, rows)
      const budget = { changes: changesAtMost, characters: charactersAtMost }
      const conversations: CaughtUpConversation[] = []
      for (const row of rows) {
        const one = known.get(row.id)
        if (one) conversations.push(await catchUpOn(row, one, pins.get(row.id) ?? [], budget))
      }
      const open = new Set(rows.map(({ id }) => id))
      return { conversations, gone: [...known.keys()].filter((id) => !open.has(id)) }
    },
  }
}
