import type { chat } from '../../../contracts/chat.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import type { Handlers } from '../../../kit/service.ts'
import { getParticipant, lockAsAdmin, lockFor } from '../access.ts'
import { type ChatDeps, type ChatTx, fail, type Origin } from '../deps.ts'
import { toMember } from '../rows.ts'
import { recordChange } from '../store/conversations.ts'
import * as store from '../store/participants.ts'
import type { ConversationRow, ParticipantRow } from '../tables.ts'
import type { Upkeep } from '../upkeep.ts'
import type { Views } from '../views.ts'
import { createPeopleCheck } from './people-check.ts'

const membersAtMost = 1_000

type Operations =
  | 'listParticipants'
  | 'addParticipants'
  | 'removeParticipant'
  | 'changeParticipant'
  | 'leaveConversation'

export function createMemberHandlers(
  { db, outbox }: ChatDeps,
  { views, upkeep }: { views: Views; upkeep: Upkeep },
): Pick<Handlers<typeof chat>, Operations> {
  const { demandPeople, demandNoBlocks } = createPeopleCheck(views)

  /** Takes a member out of a group; a group without an admin gets its longest member as one. */
  async function takeOut(
    tx: ChatTx,
    before: ConversationRow,
    { conversationId, userId, admin }: ParticipantRow,
    removedBy: string,
    call: Origin,
  ): Promise<void> {
    await store.deleteParticipant(tx, { conversationId, userId })
    const memberCount = before.memberCount - 1
    const deletedAt = memberCount === 0 ? new Date().toISOString() : null
    const conversation = await recordChange(tx, before, { memberCount, deletedAt, members: true })
    const { version } = conversation
    const removed = { conversationId, version, userId, removedBy }
    await outbox.add(tx, 'participantRemoved', removed, call)
    await outbox.add(tx, 'conversationClosed', { conversationId, userId }, call)
    if (!admin) return

    const members = await store.listAllMembers(tx, conversationId)
    const [heir] = members
    if (heir && !members.some((member) => member.admin)) {
      await setAdmin(tx, conversation, heir.userId, true, call)
    }
  }

  async function setAdmin(
    tx: ChatTx,
    conversation: ConversationRow,
    userId: string,
    admin: boolean,
    call: Origin,
  ): Promise<void> {
    const conversationId = conversation.id
    await store.updateParticipant(tx, { conversationId, userId }, { admin: admin ? 1 : 0 })
    const { version } = await recordChange(tx, conversation, { members: true })
    await outbox.add(tx, 'participantChanged', { conversationId, version, userId, admin }, call)
  }

  return {
    async listParticipants({ conversationId, limit, count, cursor }, call) {
      await getParticipant(db, conversationId, call.actor.id)
      const request = { limit, cursor: readCursor(cursor, isTuple(['string', 'string'])) }
      const rows = await store.listMembers(db, conversationId, request)
      const people = await views.findPeople(
        rows.map(({ userId }) => userId),
        call,
      )
      return {
        ...toPage(
          rows,
          request,
          ({ joinedAt, userId }): store.MemberPosition => [joinedAt, userId],
          (row) => ({ ...toMember(row), person: people.get(row.userId) ?? null }),
        ),
        ...(count && { count: await store.countMembers(db, conversationId) }),
      }
    },

    async addParticipants({ conversationId, userIds }, call) {
      const { id: addedBy } = call.actor
      // Before anything else, so that nobody learns of a conversation from the order of refusals.
      await getParticipant(db, conversationId, addedBy)
      const wanted = [...new Set(userIds)]
      await demandPeople(wanted, 'userIds', call)
      await db.transaction().execute(async (tx) => {
        const { conversation: before } = await lockAsAdmin(tx, conversationId, addedBy)
        const members = await store.listMembersAmong(tx, conversationId, wanted)
        const already = new Set(members.map(({ userId }) => userId))
        const added = wanted.filter((userId) => !already.has(userId))
        if (added.length === 0) return
        const memberCount = before.memberCount + added.length
        if (memberCount > membersAtMost) {
          throw fail('group_full', `A group has at most ${membersAtMost} members.`)
        }
        await demandNoBlocks(tx, addedBy, added)

        const joinedAt = new Date().toISOString()
        const readSeq = before.lastSeq
        await store.insertParticipants(
          tx,
          added.map((userId) => ({ conversationId, userId, admin: 0, joinedAt, readSeq })),
        )
        const { version } = await recordChange(tx, before, { memberCount, members: true })
        const event = { conversationId, version, userIds: added, addedBy, joinedAt }
        await outbox.add(tx, 'participantsAdded', event, call)
        for (const userId of added) {
          const opened = { conversationId, version, userId, openedBy: addedBy }
          await outbox.add(tx, 'conversationOpened', opened, call)
        }
      })
      return views.getConversation(conversationId, addedBy, call)
    },

    async removeParticipant({ conversationId, userId }, call) {
      const { id: removedBy } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation } = await lockAsAdmin(tx, conversationId, removedBy)
        const member = await store.findParticipant(tx, { conversationId, userId })
        if (!member) throw fail('participant_not_found')
        await takeOut(tx, conversation, member, removedBy, call)
      })
      upkeep.wake()
      return {}
    },

    async changeParticipant({ conversationId, userId, admin }, call) {
      await db.transaction().execute(async (tx) => {
        const { conversation } = await lockAsAdmin(tx, conversationId, call.actor.id)
        const member = await store.findParticipant(tx, { conversationId, userId })
        if (!member) throw fail('participant_not_found')
        if (admin === (member.admin === 1)) return
        if (!admin) {
          const members = await store.listAllMembers(tx, conversationId)
          if (members.filter((one) => one.admin).length === 1) throw fail('last_admin')
        }
        await setAdmin(tx, conversation, userId, admin, call)
      })
      return {}
    },

    async leaveConversation({ conversationId }, call) {
      const { id: userId } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation, participant } = await lockFor(tx, conversationId, userId)
        if (conversation.type !== 'group') throw fail('not_a_group')
        await takeOut(tx, conversation, participant, userId, call)
      })
      upkeep.wake()
      return {}
    },
  }
}
