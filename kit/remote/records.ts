import { hash, randomUUID } from 'node:crypto'
import type { EventRecord, SignalRecord } from '../bus.ts'
import { createTraceparent } from '../context.ts'
import { header, type Message, type TopicMessage } from './transport.ts'

type Outgoing = Omit<TopicMessage, 'recordId'>

/** An event as it stands on a broker: the body is its payload, all else is in the headers. */
export function toMessage(record: EventRecord): Outgoing {
  const { id, service, event, topic, key, payload, occurredAt, requestId, traceparent } = record
  return {
    topic,
    key,
    headers: {
      [header.eventId]: id,
      [header.service]: service,
      [header.event]: event,
      [header.occurredAt]: occurredAt,
      [header.requestId]: requestId,
      [header.traceparent]: traceparent,
    },
    body: JSON.stringify(payload),
  }
}

/** Reads an event of a service; what has no headers of ours is read as somebody else's. */
export function readRecord(message: TopicMessage): EventRecord {
  const { headers } = message
  const { [header.eventId]: id, [header.service]: service, [header.event]: event } = headers
  if (!id || !service || !event || message.key === undefined) return readForeignRecord(message)
  return {
    id,
    service,
    event,
    topic: message.topic,
    key: message.key,
    payload: readPayload(message.body),
    ...readOrigin(headers),
  }
}

/**
 * Reads what anybody may have written to an entrance. Nothing in it is trusted: its id and its
 * order are its own topic's, and a body that is no JSON stays the text that it is, for the schema
 * of the entrance to refuse and the dead-letter store to show.
 */
export function readForeignRecord(message: TopicMessage): EventRecord {
  const { topic, headers, recordId } = message
  const id = headers[header.eventId] ?? ''
  return {
    id: toOwnId(topic, /^[\x21-\x7e]{1,200}$/.test(id) ? id : recordId),
    service: topic,
    event: topic,
    topic,
    // Without a key there is no order to keep, so none waits for another.
    key: message.key?.replaceAll('\u0000', '\ufffd') ?? recordId,
    payload: readPayload(message.body),
    ...readOrigin(headers),
  }
}

/** As long as other ids are, whatever the topic and the id in it are called. */
function toOwnId(topic: string, id: string): string {
  const own = `${topic}/${id}`
  return own.length <= 64 ? own : hash('sha256', own, 'base64url')
}

type Origin = Pick<EventRecord, 'occurredAt' | 'requestId' | 'traceparent'>

function readOrigin(headers: Message['headers']): Origin {
  const requestId = headers[header.requestId] ?? ''
  const time = Date.parse(headers[header.occurredAt] ?? '')
  return {
    occurredAt: new Date(Number.isNaN(time) ? Date.now() : time).toISOString(),
    requestId: /^[\x21-\x7e]{1,200}$/.test(requestId) ? requestId : randomUUID(),
    traceparent: readTraceparent(headers[header.traceparent]),
  }
}

function readTraceparent(text: string | undefined): string {
  return text && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text)
    ? text
    : createTraceparent()
}

function readPayload(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

export function toSignalMessage({ service, signal, payload }: SignalRecord): Message {
  return {
    key: undefined,
    headers: { [header.service]: service, [header.event]: signal },
    body: JSON.stringify(payload),
  }
}

export function readSignal({ headers, body }: Message): SignalRecord | undefined {
  const { [header.service]: service, [header.event]: signal } = headers
  if (!service || !signal) return undefined
  return { service, signal, payload: readPayload(body) }
}
