import type { AsyncMessage } from 'rabbitmq-client'
import type { Logger } from '../log.ts'
import { type KeptChannel, keepChannel, openLink } from './rabbitmq-channel.ts'
import type { RabbitConfig } from './rabbitmq-config.ts'
import { type QueueReader, readQueue } from './rabbitmq-group.ts'
import { decode, encode, recordIdOf } from './rabbitmq-message.ts'
import { createPublisher, openChannel, type Publisher } from './rabbitmq-publisher.ts'
import {
  checkTopology,
  type Groups,
  partitionOf,
  rabbitNames,
  routingKeysOf,
  topicIn,
} from './rabbitmq-topology.ts'
import { serveQueue, type Worker } from './rabbitmq-worker.ts'
import { header, type Message, type Transport } from './transport.ts'

/** Stands for the address of an answer until the broker, which alone knows it, puts it in. */
const replyTo = 'amq.rabbitmq.reply-to'
/** A broker of version 4 takes 16 MiB by default, with headers; nothing here comes near it. */
const maxBodyBytes = 8 * 1024 * 1024
const signalKeptMs = 5_000
const signalsKept = 10_000

export type RabbitOptions = {
  config: RabbitConfig
  /** All groups of the product: what one of them should hear is refused when its queue is gone. */
  groups: Groups
  /** What the broker calls the connections of this process. */
  name: string
  log: Logger
}

/**
 * Calls, events and signals over RabbitMQ. Publishing has a connection of its own, for the broker
 * stops reading from who publishes when it is short of memory, and acknowledgements must pass.
 */
export function createRabbitTransport({ config, groups, name, log }: RabbitOptions): Transport {
  const { RABBITMQ_URL: url, RABBITMQ_PARTITIONS: partitions, RABBITMQ_PREFETCH: prefetch } = config
  const names = rabbitNames(config)
  const heard = new Set(Object.values(groups).flat())
  const outward = openLink(url, `${name} publishes`, log)
  const inward = openLink(url, `${name} reads`, log)
  const events = createPublisher(outward, log, (channel) => checkTopology(channel, config))
  /** Answers and signals: nobody waits to hear that the broker has them. */
  const loose = keepChannel(outward, log, (channel) => checkTopology(channel, config))
  const kept: KeptChannel[] = [events.channel, loose]
  const workers: Worker[] = []
  const readers: QueueReader[] = []
  const listeners: KeptChannel[] = []
  let requests: Publisher | undefined
  let keyless = 0
  let drained: Promise<void> | undefined

  /** Waits until it is open; what is refused at first is not tried again behind the back. */
  async function keep(channel: KeptChannel): Promise<void> {
    try {
      await channel.opened
      kept.push(channel)
    } catch (error) {
      await channel.close()
      throw error
    }
  }

  /** Reads a queue of this process alone, which vanishes with its connection. */
  function listen(listener: Listener): KeptChannel {
    return keepChannel(inward, log, async (channel) => {
      await checkTopology(channel, config)
      const { queue } = await channel.queueDeclare({
        exclusive: true,
        autoDelete: true,
        arguments: listener.limits,
      })
      for (const routingKey of listener.routingKeys) {
        await channel.queueBind({ queue, exchange: listener.exchange, routingKey })
      }
      await channel.basicConsume({ queue, noAck: true }, listener.receive)
      listener.listens()
    })
  }

  function partitionFor(key: string | undefined): number {
    if (key !== undefined) return partitionOf(key, partitions)
    keyless = (keyless + 1) % partitions
    return keyless
  }

  function drain(): Promise<void> {
    drained ??= Promise.all([...workers, ...readers].map((each) => each.stop())).then(() => {})
    return drained
  }

  return {
    maxBodyBytes,

    async openReplies(receive) {
      const publisher = createPublisher(outward, log, async (channel) => {
        await channel.basicConsume({ queue: replyTo, noAck: true }, (message) => {
          receive(decode(message))
        })
      })
      await keep(publisher.channel)
      requests = publisher
      return replyTo
    },

    async sendRequest(service, message) {
      if (!requests) throw new Error('No answer could be heard: openReplies comes first')
      const { envelope, body } = encode(message)
      await requests.publish(
        {
          ...envelope,
          routingKey: names.requests(service),
          mandatory: true,
          replyTo,
          // Nobody waits for it any more after that.
          ...expiryOf(message),
        },
        body,
      )
    },

    async sendReply(address, message) {
      if (!address.startsWith(`${replyTo}.`))
        throw new Error(`"${address}" is no place for answers`)
      const { envelope, body } = encode(message)
      await openChannel(outward, loose).basicPublish({ ...envelope, routingKey: address }, body)
    },

    async serveRequests(service, receive) {
      const worker = serveQueue({
        link: inward,
        log,
        queue: names.requests(service),
        prefetch,
        receive(message) {
          const { headers, ...request } = decode(message)
          const address = message.replyTo ?? ''
          receive({ ...request, headers: { ...headers, [header.replyTo]: address } })
        },
      })
      await keep(worker.channel)
      workers.push(worker)
    },

    async publish(messages) {
      const results = await Promise.allSettled(
        messages.map(({ topic, ...message }) => {
          const { envelope, body } = encode(message)
          const routingKey = `${topic}.${partitionFor(message.key)}`
          return events.publish(
            {
              ...envelope,
              exchange: names.events,
              routingKey,
              durable: true,
              mandatory: heard.has(topic),
            },
            body,
          )
        }),
      )
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },

    async subscribe(group, topics, receive) {
      const known = new Set(topics)
      const own = names.queues(group).map((queue) =>
        readQueue({
          link: inward,
          log,
          queue,
          prefetch,
          async receive(messages) {
            const records = messages.flatMap((message) => {
              const topic = topicIn(message.routingKey, known)
              // The queue may still be bound to what the group has ceased to hear.
              if (topic === undefined) return []
              return [{ ...decode(message), topic, recordId: recordIdOf(message) }]
            })
            if (records.length > 0) await receive(records)
          },
        }),
      )
      try {
        await Promise.all(own.map(({ channel }) => keep(channel)))
      } catch (error) {
        await Promise.all(own.map((reader) => reader.stop()))
        throw error
      }
      readers.push(...own)
    },

    async tail(topics, receive, onGap) {
      const known = new Set(topics)
      let times = 0
      const channel = listen({
        exchange: names.events,
        routingKeys: topics.flatMap(routingKeysOf),
        limits: {},
        receive(message) {
          const topic = topicIn(message.routingKey, known)
          if (topic === undefined) return
          receive({ ...decode(message), topic, recordId: recordIdOf(message) })
        },
        // Told when it hears again: who then looks for what is missing finds all of it.
        listens: () => times++ > 0 && onGap(),
      })
      await keep(channel)
      listeners.push(channel)
    },

    broadcast(message) {
      const channel = loose.current()
      if (!channel || !outward.ready()) return
      const { envelope, body } = encode(message)
      channel
        .basicPublish({ ...envelope, exchange: names.signals, routingKey: '' }, body)
        .catch((error) => log.debug({ event: 'rabbitmq.signal', err: error }))
    },

    async onBroadcast(receive) {
      const channel = listen({
        exchange: names.signals,
        routingKeys: [''],
        limits: { 'x-message-ttl': signalKeptMs, 'x-max-length': signalsKept },
        receive: (message) => receive(decode(message)),
        listens: () => undefined,
      })
      await keep(channel)
      listeners.push(channel)
    },

    ready: () => outward.ready() && inward.ready() && kept.every((channel) => channel.current()),

    drain,

    async close() {
      await drain()
      await Promise.all([requests?.close(), events.close(), loose.close()])
      await Promise.all(listeners.map((channel) => channel.close()))
      await Promise.all([outward.close(), inward.close()])
    },
  }
}

type Listener = {
  exchange: string
  routingKeys: readonly string[]
  limits: Readonly<Record<string, number>>
  receive(message: AsyncMessage): void
  /** Called each time it has begun to listen. */
  listens(): void
}

function expiryOf({ headers }: Message): { expiration?: string } {
  const deadline = Number(headers[header.deadline])
  if (!Number.isFinite(deadline)) return {}
  return { expiration: String(Math.max(1, Math.ceil(deadline - Date.now()))) }
}
