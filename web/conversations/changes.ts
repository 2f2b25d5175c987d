import type { ClientEvents } from '../../client/index.ts'
import type { Message } from './shapes.ts'

/** What an event makes of one message, wherever that message is held. */
export type Change = { messageId: string; version: number; apply(message: Message): Message }

export function changeByUpdate(updated: Message): Change {
  return { messageId: updated.id, version: updated.version, apply: () => updated }
}

export function changeByDeletion(deleted: ClientEvents['message:deleted']): Change {
  const { messageId, version, deletedAt } = deleted
  return {
    messageId,
    version,
    apply: (message) => ({
      ...message,
      version,
      deletedAt,
      content: '',
      reactions: [],
      replyTo: null,
      editedAt: null,
    }),
  }
}

export function changeByReaction(
  { messageId, version, userId, emoji }: ClientEvents['reaction:added'],
  added: boolean,
): Change {
  function apply(message: Message): Message {
    const known = message.reactions.some((reaction) => reaction.emoji === emoji)
    const reactions = known ? message.reactions : [...message.reactions, { emoji, userIds: [] }]
    const changed = reactions.map((reaction) => {
      if (reaction.emoji !== emoji) return reaction
      const others = reaction.userIds.filter((id) => id !== userId)
      return { emoji, userIds: added ? [...others, userId] : others }
    })
    return { ...message, version, reactions: changed.filter(({ userIds }) => userIds.length > 0) }
  }
  return { messageId, version, apply }
}

/** Applies a change to whatever is older than it; what is not touched stays the same object. */
export function withChange(messages: readonly Message[], change: Change): readonly Message[] {
  const at = messages.findIndex(({ id }) => id === change.messageId)
  const message = messages[at]
  if (!message || message.version >= change.version) return messages
  return messages.with(at, change.apply(message))
}

/**
 * Joins messages that came with those that are there, by place; of two states of one message the
 * later one stays. What does not touch the others cannot be joined: `undefined`.
 */
export function joinMessages(
  held: readonly Message[],
  came: readonly Message[],
): readonly Message[] | undefined {
  const first = came[0]
  const last = came.at(-1)
  const start = held[0]
  const end = held.at(-1)
  if (!first || !last) return held
  if (!start || !end) return came
  if (first.seq > end.seq + 1 || last.seq < start.seq - 1) return undefined
  const bySeq = new Map(held.map((message) => [message.seq, message]))
  for (const message of came) {
    const known = bySeq.get(message.seq)
    if (!known || known.version < message.version) bySeq.set(message.seq, message)
  }
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq)
}
