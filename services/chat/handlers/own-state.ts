import type { chat } from '../../../contracts/chat.ts'
import type { ConversationState } from '../../../contracts/chat-shapes.ts'
import type { Handlers } from '../../../kit/service.ts'
import { lockFor } from '../access.ts'
import { type ChatDeps, type ChatTx, fail, type Origin } from '../deps.ts'
import { deleteReadMentions } from '../store/messages.ts'
import { countOtherPinned, updateParticipant } from '../store/participants.ts'
import type { ConversationRow, ParticipantRow } from '../tables.ts'
import { getState } from '../views.ts'

type Operations = 'clearHistory' | 'muteConversation' | 'archiveConversation' | 'pinConversation'

/** Fewer than a page of the list holds, so that whoever has its first page has all of them. */
const pinnedAtMost = 20

/** What members arrange for themselves; others learn nothing of it. */
export function createOwnStateHandlers({
  db,
  outbox,
}: ChatDeps): Pick<Handlers<typeof chat>, Operations> {
  function change(
    conversationId: string,
    userId: string,
    call: Origin,
    toChanges: (
      conversation: ConversationRow,
      participant: ParticipantRow,
      tx: ChatTx,
    ) => Partial<ParticipantRow> | Promise<Partial<ParticipantRow>>,
  ): Promise<ConversationState> {
    return db.transaction().execute(async (tx) => {
      const { conversation, participant } = await lockFor(tx, conversationId, userId)
      const changes = await toChanges(conversation, participant, tx)
      await updateParticipant(tx, participant, changes)
      if (changes.readSeq !== undefined) {
        await deleteReadMentions(tx, { userId, conversationId, seq: changes.readSeq })
      }
      const own = await getState(tx, conversationId, userId)
      await outbox.add(tx, 'conversationStateChanged', { conversationId, userId, own }, call)
      return own
    })
  }

  return {
    clearHistory({ conversationId }, call) {
      return change(conversationId, call.actor.id, call, ({ lastSeq }, { sent }) => ({
        clearedSeq: lastSeq,
        readSeq: lastSeq,
        readSent: sent,
      }))
    },

    muteConversation({ conversationId, muted, until }, call) {
      const mutedUntil = muted && until !== undefined ? new Date(until).toISOString() : null
      return change(conversationId, call.actor.id, call, () => ({
        muted: muted ? 1 : 0,
        mutedUntil,
      }))
    },

    archiveConversation({ conversationId, archived }, call) {
      return change(conversationId, call.actor.id, call, ({ lastSeq }) => ({
        archivedSeq: archived ? lastSeq : null,
        ...(archived && { pinned: 0 }),
      }))
    },

    pinConversation({ conversationId, pinned }, call) {
      return change(conversationId, call.actor.id, call, async (_conversation, own, tx) => {
        if (!pinned) return { pinned: 0 }
        if ((await countOtherPinned(tx, own)) >= pinnedAtMost) {
          throw fail(
            'too_many_pinned_conversations',
            `At most ${pinnedAtMost} conversations are pinned.`,
          )
        }
        return { pinned: 1, archivedSeq: null }
      })
    },
  }
}
