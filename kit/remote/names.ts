/**
 * The service whose processes answer for a contract: `chat.dead-letters` stands beside `chat` and
 * is answered by the same.
 */
export function processOf(service: string): string {
  return service.split('.', 1)[0] ?? service
}

/** Bytes of a text in UTF-8, counted only when it could matter. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

type TopicNames = {
  requests(service: string): string
  replies: string
  signals: string
  /** All events of one service, so that they keep their order over all their names. */
  events(service: string): string
  /** A topic that is known to the outside by its own name. */
  literal(topic: string): string
}

/** What topics of Kafka are called; `KAFKA_PREFIX` stands before them all. */
export function topicNames({ KAFKA_PREFIX: prefix }: { KAFKA_PREFIX: string }): TopicNames {
  return {
    requests: (service) => `${prefix}rpc.${service}`,
    replies: `${prefix}replies`,
    signals: `${prefix}signals`,
    events: (service) => `${prefix}events.${service}`,
    literal: (topic) => `${prefix}${topic}`,
  }
}
