import type { chat } from '../../../contracts/chat.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import type { Handlers } from '../../../kit/service.ts'
import { lockAsAdmin, lockFor } from '../access.ts'
import { type ChatDeps, type ChatTx, fail, type Origin } from '../deps.ts'
import { toMessage } from '../rows.ts'
import { pairOf } from '../rules.ts'
import * as store from '../store/conversations.ts'
import { listMessages } from '../store/messages.ts'
import {
  deleteParticipants,
  insertParticipants,
  isBlocked,
  listMembers,
  updateParticipant,
} from '../store/participants.ts'
import type { ConversationRow } from '../tables.ts'
import type { Upkeep } from '../upkeep.ts'
import type { Views } from '../views.ts'
import { createPeopleCheck } from './people-check.ts'

const shownAtJoin = 100

type Operations =
  | 'openDirect'
  | 'createGroup'
  | 'listConversations'
  | 'getConversation'
  | 'updateConversation'
  | 'deleteConversation'
  | 'joinConversation'
  | 'leaveRoom'
  | 'listMyRooms'

export function createConversationHandlers(
  { db, outbox }: ChatDeps,
  { views, upkeep }: { views: Views; upkeep: Upkeep },
): Pick<Handlers<typeof chat>, Operations> {
  const { demandPeople, demandNoBlocks } = createPeopleCheck(views)

  return {
    async openDirect({ userId: otherId }, call) {
      const { id: userId } = call.actor
      if (otherId === userId) throw fail('with_yourself')
      await demandPeople([otherId], 'userId', call)
      const id = await db.transaction().execute(async (tx) => {
        const pair = pairOf(userId, otherId)
        if (await isBlocked(tx, pair)) throw fail('blocked')
        const row = toNewConversation({ type: 'single', pair, createdBy: userId, memberCount: 2 })
        if (!(await store.insertConversation(tx, row))) {
          const conversationId = await store.getIdOfPair(tx, pair)
          await updateParticipant(tx, { conversationId, userId }, { hiddenSeq: null })
          return conversationId
        }
        const { id: conversationId, createdAt: joinedAt } = row
        const both = [userId, otherId]
        await insertParticipants(
          tx,
          both.map((id) => ({ conversationId, userId: id, admin: 0, joinedAt, readSeq: 0 })),
        )
        await announceOpened(tx, row, both, call)
        return conversationId
      })
      return views.getConversation(id, userId, call)
    },

    async createGroup({ name, participantIds, description, avatar }, call) {
      const { id: userId } = call.actor
      const others = [...new Set(participantIds)].filter((id) => id !== userId)
      await demandPeople(others, 'participantIds', call)
      const id = await db.transaction().execute(async (tx) => {
        await demandNoBlocks(tx, userId, others)
        const row = toNewConversation({
          type: 'group',
          createdBy: userId,
          memberCount: others.length + 1,
          name,
          description: description ?? null,
          avatar: avatar ?? null,
        })
        await store.insertConversation(tx, row)
        const { id: conversationId, createdAt: joinedAt } = row
        const everybody = [userId, ...others]
        await insertParticipants(
          tx,
          everybody.map((id) => ({
            conversationId,
            userId: id,
            admin: id === userId ? 1 : 0,
            joinedAt,
            readSeq: 0,
          })),
        )
        await announceOpened(tx, row, everybody, call)
        return conversationId
      })
      return views.getConversation(id, userId, call)
    },

    async listConversations({ archived, limit, count, cursor }, call) {
      const { id: userId } = call.actor
      const filter = { userId, archived, now: new Date().toISOString() }
      const request = { limit, cursor: readCursor(cursor, isTuple(['number', 'string', 'string'])) }
      const keys = await store.listOwn(db, filter, request)
      const rows = await store.listOwnRows(
        db,
        userId,
        keys.map(({ id }) => id),
      )
      const shown = await views.toConversations(rows, userId, call)
      const byId = new Map(shown.map((conversation) => [conversation.id, conversation]))
      const page = toPage(
        // A conversation that was left between the two reads is not there any more.
        keys.filter(({ id }) => byId.has(id)),
        request,
        ({ pinned, activeAt, id }): store.OwnPosition => [pinned, activeAt, id],
        ({ id }) => byId.get(id),
      )
      return {
        ...page,
        items: page.items.filter((conversation) => conversation !== undefined),
        ...(count && { count: await store.countOwn(db, filter) }),
      }
    },

    getConversation({ conversationId }, call) {
      return views.getConversation(conversationId, call.actor.id, call)
    },

    async updateConversation({ conversationId, name, description, avatar }, call) {
      const { id: userId } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation: before } = await lockAsAdmin(tx, conversationId, userId)
        const wanted = {
          name: name ?? before.name,
          description: description === undefined ? before.description : description,
          avatar: avatar === undefined ? before.avatar : avatar,
        }
        const same =
          wanted.name === before.name &&
          wanted.description === before.description &&
          wanted.avatar === before.avatar
        if (same) return

        const { version } = await store.recordChange(tx, before, { ...wanted, header: true })
        const updated = { ...wanted, name: wanted.name ?? '', updatedBy: userId }
        await outbox.add(tx, 'conversationUpdated', { conversationId, version, ...updated }, call)
      })
      return views.getConversation(conversationId, userId, call)
    },

    async deleteConversation({ conversationId }, call) {
      const { id: userId } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation, participant } = await lockFor(tx, conversationId, userId)
        if (conversation.type === 'single') {
          const { lastSeq } = conversation
          const hidden = {
            hiddenSeq: lastSeq,
            clearedSeq: lastSeq,
            readSeq: lastSeq,
            pinned: 0 as const,
          }
          await updateParticipant(tx, participant, { ...hidden, readSent: participant.sent })
          await outbox.add(tx, 'conversationHidden', { conversationId, userId }, call)
          return
        }
        if (!participant.admin) throw fail('not_admin')
        const deletedAt = new Date().toISOString()
        await store.recordChange(tx, conversation, { memberCount: 0, deletedAt })
        for (const id of await deleteParticipants(tx, conversationId)) {
          await outbox.add(tx, 'conversationClosed', { conversationId, userId: id }, call)
        }
      })
      upkeep.wake()
      return {}
    },

    async joinConversation({ conversationId }, call) {
      const { id: userId } = call.actor
      // First the version, then the messages: what changes between comes with the live events.
      const conversation = await views.getConversation(conversationId, userId, call)
      const { clearedSeq } = conversation.own
      const members = await listMembers(db, conversationId, { limit: 100, cursor: undefined })
      const read = { limit: shownAtJoin, cursor: undefined }
      const rows = await listMessages(db, { conversationId, clearedSeq }, read)
      const messages = rows.slice(0, shownAtJoin).toReversed().map(toMessage)
      const met = [...members.map((member) => member.userId), ...rows.map((row) => row.senderId)]
      const people = await views.findPeople([...new Set(met)], call)
      const { seq, version } = conversation
      return { users: [...people.values()], conversation, messages, seq, version }
    },

    async leaveRoom() {
      return {}
    },

    async listMyRooms({ userId }) {
      const ids = await store.listIdsOf(db, userId)
      return { rooms: ids.map((id) => `conversation:${id}`) }
    },
  }

  async function announceOpened(
    tx: ChatTx,
    { id: conversationId, version, createdBy: openedBy }: ConversationRow,
    userIds: readonly string[],
    call: Origin,
  ): Promise<void> {
    for (const userId of userIds) {
      const opened = { conversationId, version, userId, openedBy }
      await outbox.add(tx, 'conversationOpened', opened, call)
    }
  }
}

type New = Pick<ConversationRow, 'type' | 'createdBy' | 'memberCount'> & Partial<ConversationRow>

function toNewConversation(detail: New): ConversationRow {
  const now = new Date().toISOString()
  return {
    id: crypto.randomUUID(),
    name: null,
    description: null,
    avatar: null,
    pair: null,
    createdAt: now,
    activeAt: now,
    lastSeq: 0,
    // Being made is the first change.
    version: 1,
    headerVersion: 1,
    membersVersion: 1,
    deletedAt: null,
    ...detail,
  }
}
