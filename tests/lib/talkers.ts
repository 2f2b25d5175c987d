import { chat } from '../../contracts/chat.ts'
import type { CaughtUpConversation, Message } from '../../contracts/chat-shapes.ts'
import { Failure } from '../../kit/failure.ts'
import { type Stage, type StageOptions, startStage } from './stage.ts'

type Caller = { actor: { id: string } }
type Draft = { uuid: string; conversationId: string; content: string }

/** A chat kept in memory behind the real contract; it outlives the servers in front of it. */
export type Talkers = {
  messages: Message[]
  version(): number
  /** Somebody else writes, whatever server runs. */
  write(content: string): Message
  edit(content: string): void
  /** Tells nobody of the changes of the callback, as if their pushes were lost. */
  inSilence(change: () => void): void
  /** Runs after a message is stored, and before its answer leaves. */
  beforeAnswer: (draft: Draft) => Promise<void> | void
  /** Runs after a snapshot is taken, and before it leaves. */
  beforeSnapshotLeaves: () => Promise<void> | void
  /** Messages that a catch-up gives at once. */
  pageSize: number
  members: Set<string>
  catchUps: number
  start(options?: Omit<StageOptions, 'services'>): Promise<Stage>
}

export const room = 'room-1'

export function createTalkers(): Talkers {
  const messages: Message[] = []
  let stage: Stage | undefined
  let version = 0
  let silent = false

  function announce(event: string, payload: Record<string, unknown>): void {
    if (!silent) stage?.announce('chat', event, payload)
  }

  function store(senderId: string, { uuid, content }: Omit<Draft, 'conversationId'>): Message {
    const known = messages.find((one) => one.senderId === senderId && one.uuid === uuid)
    if (known) return known
    version += 1
    const message: Message = {
      id: `message-${messages.length + 1}`,
      uuid,
      conversationId: room,
      seq: messages.length + 1,
      version,
      senderId,
      content,
      replyTo: null,
      reactions: [],
      createdAt: new Date().toISOString(),
      editedAt: null,
      deletedAt: null,
    }
    messages.push(message)
    announce('messageReady', message)
    return message
  }

  function demandMember(conversationId: string, { actor }: Caller): void {
    if (conversationId !== room || !talkers.members.has(actor.id)) {
      throw new Failure('conversation_not_found', 404)
    }
  }

  const own = {
    admin: false,
    readSeq: 0,
    clearedSeq: 0,
    unread: 0,
    mentions: 0,
    muted: false,
    mutedUntil: null,
    archived: false,
    pinned: false,
  }
  const header = {
    id: room,
    type: 'group' as const,
    name: 'Room',
    description: null,
    avatar: null,
    createdBy: 'bob',
    createdAt: new Date(0).toISOString(),
    memberCount: 2,
    pinned: [],
  }

  const handlers: StageOptions['services'][number]['handlers'] = {
    listMyRooms: async ({ userId }) => ({
      rooms: talkers.members.has(userId) ? [`conversation:${room}`] : [],
    }),
    async sendMessage(draft: Draft, call: Caller) {
      demandMember(draft.conversationId, call)
      if (draft.content === 'forbidden words') throw new Failure('blocked', 403)
      const message = store(call.actor.id, draft)
      await talkers.beforeAnswer(draft)
      return message
    },
    async joinConversation({ conversationId }, call: Caller) {
      demandMember(conversationId, call)
      const snapshot = structuredClone(messages)
      const lastMessage = null
      const activeAt = header.createdAt
      const state = { seq: messages.length, version }
      await talkers.beforeSnapshotLeaves()
      const conversation = { ...header, ...state, person: null, activeAt, lastMessage, own }
      return { users: [], conversation, messages: snapshot, ...state }
    },
    async catchUp({ conversations }, { actor }: Caller) {
      talkers.catchUps += 1
      if (!talkers.members.has(actor.id)) return { conversations: [], gone: [room] }
      const caughtUp = conversations.map((known: { version?: number }): CaughtUpConversation => {
        const changed = messages
          .filter((message) => message.version > (known.version ?? 0))
          .sort((one, other) => one.version - other.version)
        const page = structuredClone(changed.slice(0, talkers.pageSize))
        const complete = page.length === changed.length
        const until = complete ? version : (page.at(-1)?.version ?? version)
        const rest = { seq: messages.length, own, receipts: [], messages: page }
        return { conversationId: room, version: until, complete, ...rest }
      })
      return { conversations: caughtUp, gone: [] }
    },
  }

  const talkers: Talkers = {
    messages,
    version: () => version,
    write: (content) => store('bob', { uuid: crypto.randomUUID(), content }),
    edit(content) {
      const message = messages[0]
      if (!message) return
      version += 1
      Object.assign(message, { content, version, editedAt: new Date().toISOString() })
      announce('messageUpdated', message)
    },
    inSilence(change) {
      silent = true
      change()
      silent = false
    },
    beforeAnswer: () => {},
    beforeSnapshotLeaves: () => {},
    pageSize: 1_000,
    members: new Set(['ann', 'bob']),
    catchUps: 0,
    async start(options = {}) {
      stage = await startStage({ services: [{ contract: chat, handlers }], ...options })
      return stage
    },
  }
  return talkers
}
