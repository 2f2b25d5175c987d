import { createHmac, timingSafeEqual } from 'node:crypto'
import { header, type TopicMessage } from './transport.ts'

type Signed = Omit<TopicMessage, 'recordId'>

/**
 * Proof that an event on a topic to which others write as well comes from a service of the
 * product: made with the key that its processes share, over everything that says what the event is.
 */
export type Origins = {
  /** The same message, with its proof. */
  sign(message: Signed): Signed
  isGenuine(message: Signed): boolean
}

export function createOrigins(serviceKey: string): Origins {
  function proofOf({ topic, key, headers, body }: Signed): string {
    const named = [header.eventId, header.service, header.event, header.occurredAt]
    const said = [topic, key, ...named.map((name) => headers[name]), body]
    // Begins as no token does that is made with the same key.
    return createHmac('sha256', serviceKey)
      .update(`origin ${JSON.stringify(said)}`)
      .digest('base64url')
  }

  return {
    sign(message) {
      const headers = { ...message.headers, [header.origin]: proofOf(message) }
      return { ...message, headers }
    },
    isGenuine(message) {
      const given = Buffer.from(message.headers[header.origin] ?? '')
      const wanted = Buffer.from(proofOf(message))
      return given.length === wanted.length && timingSafeEqual(given, wanted)
    },
  }
}
