import { useMemo } from 'react'
import { keyOfMessage, type ShownMessage } from './shapes.ts'

/** A message and what is drawn with it because of the one before it. */
export type Row = {
  key: string
  message: ShownMessage
  /** Its `seq`, or the one that a message on its way is likely to get. */
  place: number
  /** The first of its day. */
  newDay: boolean
  /** Goes on after one of the same sender, minutes before: needs no name again. */
  grouped: boolean
  /** The first that is new to the person. */
  firstNew: boolean
}

const groupedMs = 5 * 60_000
const days = new WeakMap<ShownMessage, number>()

function dayOf(message: ShownMessage): number {
  const known = days.get(message)
  if (known !== undefined) return known
  const day = new Date(message.createdAt).setHours(0, 0, 0, 0)
  days.set(message, day)
  return day
}

type RowsOf = {
  messages: readonly ShownMessage[]
  /** Shown after all others that are stored, while those go up to the end. */
  pending: readonly ShownMessage[]
  /** Above the first message of others after this place stands that all below is new. */
  newAfter: number | undefined
  userId: string
}

export function useRows({ messages, pending, newAfter, userId }: RowsOf): readonly Row[] {
  return useMemo(() => {
    const stored = new Set(messages.slice(-200).map(keyOfMessage))
    const waiting = pending.filter((message) => !stored.has(keyOfMessage(message)))
    const firstNew =
      newAfter === undefined
        ? undefined
        : messages.find(({ seq, senderId }) => seq > newAfter && senderId !== userId)
    let before: ShownMessage | undefined
    const end = messages.at(-1)?.seq ?? 0
    return [...messages, ...waiting].map((message, at) => {
      const newDay = !before || dayOf(before) !== dayOf(message)
      const isNew = message === firstNew
      const grouped =
        before !== undefined &&
        !newDay &&
        !isNew &&
        before.senderId === message.senderId &&
        message.replyTo === null &&
        Date.parse(message.createdAt) - Date.parse(before.createdAt) < groupedMs
      before = message
      const place = at < messages.length ? message.seq : end + 1 + at - messages.length
      return { key: keyOfMessage(message), message, place, newDay, grouped, firstNew: isNew }
    })
  }, [messages, pending, newAfter, userId])
}
