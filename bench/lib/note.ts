import * as z from 'zod'

/** The endpoint that gateways are compared by: a small JSON body in, a small JSON body out. */
export const NoteInput = z.strictObject({
  title: z.string().min(1).max(200),
  body: z.string().min(1).max(5_000),
  tags: z.array(z.string().min(1).max(40)).max(10),
  priority: z.int().min(1).max(5),
  pinned: z.boolean(),
})

export const Note = z.object({
  id: z.string().min(1).max(64),
  authorId: z.string().min(1).max(64),
  ...NoteInput.shape,
  createdAt: z.iso.datetime(),
})

/**
 * The same schemas as Stoa uses those of its operations: compiled.
 * @public for bench/peers
 */
export const compiledNoteInput = z.compile(NoteInput)
/** @public for bench/peers */
export const compiledNote = z.compile(Note)

export function createNote(
  input: z.infer<typeof NoteInput>,
  authorId: string,
): z.infer<typeof Note> {
  const { title, body, tags, priority, pinned } = input
  const createdAt = new Date().toISOString()
  return { id: crypto.randomUUID(), authorId, title, body, tags, priority, pinned, createdAt }
}

/** What every client sends. */
export const noteBody = JSON.stringify({
  title: 'Minutes of the Tuesday meeting',
  body: 'We agreed to move the release by a week, to write the guide first, and to ask two people to try it.',
  tags: ['meeting', 'release', 'guide'],
  priority: 3,
  pinned: false,
})
