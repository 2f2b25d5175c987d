import { createHash } from 'node:crypto'
import type { AsyncMessage, Envelope, ReturnedMessage } from 'rabbitmq-client'
import type { Message } from './transport.ts'

/** The header that carries the key, for foreign writers too. */
const keyHeader = 'key'

/** Properties and body of a message as it goes to the broker. */
export function encode({ key, headers, body }: Message): { envelope: Envelope; body: Buffer } {
  return {
    envelope: {
      headers: key === undefined ? headers : { ...headers, [keyHeader]: key },
      contentType: 'application/json',
      contentEncoding: 'utf-8',
    },
    body: Buffer.from(body),
  }
}

/** Reads what anybody may have written: a header that is no text is read as one, or left out. */
export function decode(message: AsyncMessage | ReturnedMessage): Message {
  const { [keyHeader]: key, ...rest } = message.headers ?? {}
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(rest)) {
    const text = textOf(value)
    if (text !== undefined) headers[name] = text
  }
  return { key: textOf(key), headers, body: bodyOf(message) }
}

/**
 * The writer's own `message_id`; without one, a hash of what was written when. Who writes without
 * a `message_id` must not write the same twice within a second: it would count as one record.
 */
export function recordIdOf(message: AsyncMessage): string {
  if (message.messageId) return message.messageId
  return createHash('sha256')
    .update(JSON.stringify([message.routingKey, message.timestamp ?? 0, bodyOf(message)]))
    .digest('hex')
}

/** The library has already parsed JSON that came without an encoding. */
function bodyOf({ body, contentType }: AsyncMessage | ReturnedMessage): string {
  if (Buffer.isBuffer(body)) return body.toString()
  return contentType === 'application/json' ? JSON.stringify(body) : String(body)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
