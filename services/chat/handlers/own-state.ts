import type { chat } from '../../../contracts/chat.ts'
import type { ConversationState } from '../../../contracts/chat-shapes.ts'
import type { Handlers } from '../../../kit/service.ts'
import { lockFor } from '../access.ts'
import type { ChatDeps, Origin } from '../deps.ts'
import { deleteReadMentions } from '../store/messages.ts'
import { updateParticipant } from '../store/participants.ts'
import type { ConversationRow, ParticipantRow } from '../tables.ts'
import { getState } from '../views.ts'

type Operations = 'clearHistory' | 'muteConversation' | 'archiveConversation'

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
    ) => Partial<ParticipantRow>,
  ): Promise<ConversationState> {
    return db.transaction().execute(async (tx) => {
      const { conversation, participant } = await lockFor(tx, conversationId, userId)
      const changes = toChanges(conversation, participant)
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
      }))
    },
  }
}
