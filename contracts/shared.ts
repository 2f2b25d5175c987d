import * as z from 'zod'

/** Opaque: clients compare ids and pass them back, and read nothing from them (C-26). */
export const Id = z.string().min(1).max(64)

/** As many as a group has members. */
export const Ids = z.array(Id).max(1_000)

/** ISO 8601 in UTC with milliseconds. */
export const Timestamp = z.iso.datetime()

/** The part of a list that a caller asks for (D-02). */
export const PageQuery = z.strictObject({
  limit: z.int().min(1).max(100).default(20).describe('Items in the answer'),
  cursor: z.string().min(1).max(512).optional().describe('`next` or `previous` of another page'),
  count: z.boolean().default(false).describe('Also count all matches'),
})

/** One page of a list: cursors lead to the neighbours and are absent at either end. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    count: z.int().min(0).optional(),
  })
}

export const Empty = z.strictObject({})

/** The answer of an operation that has nothing to tell but that it is done. */
export const Done = z.object({})

/** A picture of somewhere else, or one that was uploaded here. */
export const Avatar = z
  .string()
  .max(500)
  .regex(
    /^(?:https:\/\/[^/?#@\s\\]+(?:[/?#][^\s\p{Cc}\p{Cs}]*)?|\/uploads\/[\w-]+(?:[./][\w-]+)*)$/u,
    'An address that begins with https:// or /uploads/',
  )
