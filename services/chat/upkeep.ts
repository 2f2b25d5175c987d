import { setTimeout as pause } from 'node:timers/promises'
import { type Job, repeat } from '../../kit/job.ts'
import type { ChatDeps, ChatTx } from './deps.ts'
import { termOfConversation, termsOf } from './folding.ts'
import { eraseConversation, findDeleted } from './store/conversations.ts'
import * as store from './store/search.ts'

/** New messages are found within this time even when nobody woke the indexing. */
const everyMs = 500
/** Sends that come close together are indexed together: each by itself would cost as much again. */
const gatherMs = 100
/** What one bite takes, so that no send waits longer than some milliseconds for it. */
const messagesPerBite = 64
const charactersPerBite = 8_000
const erasedPerBite = 100
/** The least pause between two bites. */
const pauseMs = 2
/** A bite that had to wait for its turn pauses the longer: others are busy. */
const pausePerWaited = 8

export type Upkeep = ReturnType<typeof createUpkeep>

/** What chat does behind its sends: it indexes their text, and erases what was deleted. */
export function createUpkeep({ db, log }: Pick<ChatDeps, 'db' | 'log'>) {
  let stopping = false
  let gathering: NodeJS.Timeout | undefined

  /** One short transaction of work; afterwards the time that it waited for its turn. */
  async function takeBite<T>(work: (tx: ChatTx) => Promise<T>) {
    const asked = performance.now()
    let waitedMs = 0
    const result = await db.transaction().execute((tx) => {
      waitedMs = performance.now() - asked
      return work(tx)
    })
    return { result, waitedMs }
  }

  /** Takes bites until there is nothing left, with one of something else between each two. */
  async function workOff(
    work: (tx: ChatTx) => Promise<boolean>,
    between?: (tx: ChatTx) => Promise<void>,
  ): Promise<void> {
    while (!stopping) {
      const { result: worked, waitedMs } = await takeBite(work)
      if (!worked) return
      await pause(pauseMs + pausePerWaited * waitedMs)
      if (between) await takeBite(between)
    }
  }

  const job = repeat({
    name: 'chat.upkeep',
    everyMs,
    log,
    async run() {
      if (await store.hasWork(db)) await workOff(indexSome, store.messageTerms.merge)
      const deleted = await findDeleted(db)
      if (deleted !== undefined) await workOff((tx) => eraseSome(tx, deleted))
    },
  })

  const upkeep: Job = {
    start: job.start,
    async stop() {
      stopping = true
      clearTimeout(gathering)
      await job.stop()
    },
    wake() {
      gathering ??= setTimeout(() => {
        gathering = undefined
        if (!stopping) job.wake()
      }, gatherMs)
    },
  }
  return upkeep
}

async function indexSome(tx: ChatTx): Promise<boolean> {
  const start = await store.lockCursor(tx)
  let cursor = start
  let characters = charactersPerBite
  let worked = false

  while (characters > 0) {
    const changed = await store.takeTask(tx)
    if (!changed) break
    worked = true
    // One that is still to be indexed for the first time will be, as it is by then.
    if (changed.position > start) continue
    await store.messageTerms.remove(tx, changed.position)
    if (changed.deletedAt === null) await addTerms(tx, changed)
    characters -= changed.content.length
  }

  for (const message of await store.listNew(tx, start, messagesPerBite)) {
    if (characters <= 0) break
    if (message.deletedAt === null) await addTerms(tx, message)
    cursor = message.position
    characters -= message.content.length
  }
  if (cursor > start) await store.saveCursor(tx, cursor)
  return cursor > start || worked
}

function addTerms(
  tx: ChatTx,
  { position, conversationId, content }: store.IndexedMessage,
): Promise<void> {
  const terms = [...termsOf(content), termOfConversation(conversationId)]
  return store.messageTerms.insert(tx, position, terms)
}

async function eraseSome(tx: ChatTx, conversationId: string): Promise<boolean> {
  // First, so that nobody indexes just now what is being erased.
  const cursor = await store.lockCursor(tx)
  const positions = await store.eraseMessages(tx, conversationId, erasedPerBite)
  for (const position of positions) await store.messageTerms.remove(tx, position)
  if (positions.length === 0) {
    await eraseConversation(tx, conversationId)
    return false
  }
  // SQLite gives the positions at the end to new messages once more; they are not indexed yet.
  const last = await store.findLastPosition(tx)
  if (last < cursor) await store.saveCursor(tx, last)
  return true
}
