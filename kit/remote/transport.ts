/**
 * Names of the headers that the bus writes. A driver passes them on as they are; it may read
 * `deadline` to let the broker drop what nobody waits for any more.
 */
export const header = {
  correlationId: 'correlation-id',
  replyTo: 'reply-to',
  operation: 'operation',
  /** Milliseconds since 1970, in digits. */
  deadline: 'deadline',
  serviceToken: 'service-token',
  contractVersion: 'contract-version',
  /** Of an answer: `ok` or `failure`. */
  outcome: 'outcome',
  eventId: 'event-id',
  service: 'service',
  event: 'event',
  occurredAt: 'occurred-at',
  /** Of an event on a topic that others write to: proof that a service announced it. */
  origin: 'origin',
  requestId: 'request-id',
  traceparent: 'traceparent',
} as const

/** One record on a broker: what it is about is in the headers, what it says is JSON text. */
export type Message = {
  /** Records of one key keep their order; without a key there is none to keep. */
  key: string | undefined
  headers: Readonly<Record<string, string>>
  body: string
}

export type TopicMessage = Message & {
  topic: string
  /** Names this very record for ever, for those who wrote it without an id of their own. */
  recordId: string
}

/**
 * What a broker's driver must be able to do. Everything else about calls, events and signals is
 * written once, in `remote-bus.ts`, for all brokers.
 *
 * Every promise rejects with an ordinary error when the broker cannot be reached; drivers
 * reconnect by themselves and take up again what was asked of them.
 */
export type Transport = {
  /** Bytes of a body, beyond which the broker takes no message. */
  maxBodyBytes: number
  /**
   * Begins to hear answers; settles with the address to which they are to be sent, when a request
   * sent from now on can be answered.
   */
  openReplies(receive: (message: Message) => void): Promise<string>
  /** Hands a request to one of the service's workers; settles when the broker has it. */
  sendRequest(service: string, message: Message): Promise<void>
  sendReply(address: string, message: Message): Promise<void>
  /** Becomes one of the service's workers. A request is handed over once, or lost with its worker. */
  serveRequests(service: string, receive: (message: Message) => void): Promise<void>

  /** Settles when the broker cannot lose them any more; the order per key is kept. */
  publish(topicMessages: readonly Omit<TopicMessage, 'recordId'>[]): Promise<void>
  /**
   * Reads topics as one of a named group: each record goes to one member, in order per key, again
   * and again until `receive` has settled for it.
   */
  subscribe(
    group: string,
    topics: readonly string[],
    receive: (messages: readonly TopicMessage[]) => Promise<void>,
  ): Promise<void>
  /**
   * Sees every record of the topics that is published from now on, with no group. `onGap` tells
   * that some may have passed unseen.
   */
  tail(
    topics: readonly string[],
    receive: (message: TopicMessage) => void,
    onGap: () => void,
  ): Promise<void>

  /** Tells every process that listens just now, this one included; at most once. */
  broadcast(message: Message): void
  onBroadcast(receive: (message: Message) => void): Promise<void>

  /** Whether requests and answers can pass now. */
  ready(): boolean
  /** Takes no more requests or records, leaves its groups, and ends what was handed over. */
  drain(): Promise<void>
  close(): Promise<void>
}
