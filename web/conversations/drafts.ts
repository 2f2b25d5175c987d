import { createKeyed } from './keyed.ts'

/** What was written and not sent: kept in this browser, for one person. */
export type Draft = {
  text: string
  /** Whom the names in the text mean: `@name` → id. */
  mentions: Readonly<Record<string, string>>
  replyTo?: string
}

export type Drafts = ReturnType<typeof createDrafts>

export const noDraft: Draft = { text: '', mentions: {} }

export function createDrafts(storage: Storage, userId: string) {
  const drafts = createKeyed<Draft>()
  const keyOf = (conversationId: string) => `stoa.draft.${userId}.${conversationId}`

  function read(conversationId: string): Draft | undefined {
    const known = drafts.get(conversationId)
    if (known) return known
    const draft = readDraft(storage.getItem(keyOf(conversationId)))
    if (draft) drafts.set(conversationId, draft)
    return draft
  }

  return {
    get: read,
    subscribe: drafts.subscribe,
    set(conversationId: string, draft: Draft): void {
      const kept = draft.text.trim() !== '' || draft.replyTo !== undefined ? draft : undefined
      try {
        if (kept) storage.setItem(keyOf(conversationId), JSON.stringify(kept))
        else storage.removeItem(keyOf(conversationId))
      } catch {
        // A full storage keeps no drafts; what is typed is still on the screen.
      }
      // Whoever hears of it reads it at once: the storage has to be first.
      drafts.set(conversationId, kept)
    },
  }
}

/** Anything may lie in a browser's storage. */
function readDraft(text: string | null): Draft | undefined {
  try {
    const { text: written, mentions, replyTo } = JSON.parse(text ?? '{}') as Partial<Draft>
    if (typeof written !== 'string') return undefined
    const entries = Object.entries(mentions ?? {}).filter(([, id]) => typeof id === 'string')
    return {
      text: written,
      mentions: Object.fromEntries(entries),
      ...(typeof replyTo === 'string' && { replyTo }),
    }
  } catch {
    return undefined
  }
}
