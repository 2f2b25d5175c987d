import { type Contract, type OperationDefinition, type Push, topicOf } from './contract.ts'
import { createSchemaBook, type JsonSchema, type SchemaBook } from './json-schema.ts'
import { topicNames } from './remote/names.ts'

export type AsyncApiOptions = {
  title: string
  version: string
  description: string
  /** Address of the sockets, `localhost:3000`. */
  host: string
  secure: boolean
  /** Shape of a refusal in an acknowledgement. */
  errorSchema: JsonSchema
}

type Channel = {
  address: string
  title: string
  description: string
  servers?: JsonSchema[]
  /** What it is called on a broker where that differs. */
  bindings?: JsonSchema
  messages: { [id: string]: JsonSchema }
}

type Draft = {
  book: SchemaBook
  channels: { [id: string]: Channel }
  operations: { [id: string]: JsonSchema }
}

/** Writes the AsyncAPI 3.0 document of what contracts send and receive: on topics and sockets. */
export function createAsyncApi(
  contracts: readonly Contract[],
  options: AsyncApiOptions,
): JsonSchema {
  const draft: Draft = {
    book: createSchemaBook('#/components/schemas/'),
    channels: {},
    operations: {},
  }
  for (const contract of contracts) {
    addTopics(draft, contract)
    addSocketCalls(draft, contract)
    addPushes(draft, contract)
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: options.title,
      version: options.version,
      description: options.description,
      license: { name: 'MIT' },
      tags: contracts.map(({ service, summary }) => ({ name: service, description: summary })),
    },
    defaultContentType: 'application/json',
    servers: {
      sockets: {
        host: options.host,
        protocol: options.secure ? 'wss' : 'ws',
        pathname: '/socket.io',
        description: 'Socket.IO 4 over WebSocket. A channel is a namespace, a message an event.',
      },
    },
    channels: draft.channels,
    operations: draft.operations,
    components: { schemas: { ...draft.book.components, Error: options.errorSchema } },
  }
}

function addTopics({ book, channels, operations }: Draft, contract: Contract): void {
  const { service, events = {}, entrances = {} } = contract
  for (const [event, { summary, schema, key, topic: literal }] of Object.entries(events)) {
    const topic = topicOf(contract, event)
    const channel = channelOf(channels, topic, topic, 'Durable: at least once, in order per key.')
    if (literal === undefined) channel.bindings ??= sharedTopicOf(service)
    channel.messages[event] ??= messageOf(event, summary, book.output(schema), key)
    operations[`${service}.${event}.send`] = {
      action: 'send',
      title: `${service} announces ${event}`,
      summary,
      tags: [{ name: service }],
      channel: { $ref: `#/channels/${topic}` },
      messages: [{ $ref: `#/channels/${topic}/messages/${event}` }],
    }
  }
  for (const [topic, { summary, schema, key }] of Object.entries(entrances)) {
    const channel = channelOf(channels, topic, topic, 'Durable: at least once, in order per key.')
    channel.messages.entry ??= messageOf(topic, summary, book.input(schema), key)
    operations[`${service}.${topic}.receive`] = {
      action: 'receive',
      title: `${service} reads ${topic}`,
      summary,
      tags: [{ name: service }],
      channel: { $ref: `#/channels/${topic}` },
      messages: [{ $ref: `#/channels/${topic}/messages/entry` }],
    }
  }
}

/** On Kafka the events of a service share a topic, where the header `event` tells them apart. */
function sharedTopicOf(service: string): JsonSchema {
  const topic = topicNames({ KAFKA_PREFIX: '' }).events(service)
  return { kafka: { topic, bindingVersion: '0.5.0' } }
}

/** Events that clients send; each is acknowledged with the operation's answer or an error. */
function addSocketCalls(
  { book, channels, operations }: Draft,
  { service, operations: all }: Contract,
) {
  for (const [name, definition] of Object.entries<OperationDefinition>(all)) {
    if (!definition.socket) continue
    const { summary, description, input, output, replies } = definition
    const { channel, id, event } = socketChannel(channels, definition.socket)
    const messages = `#/channels/${id}/messages`
    channel.messages[name] = messageOf(event, summary, book.input(input))
    channel.messages[`${name}.answer`] = messageOf(
      replies?.split(' ')[1] ?? event,
      `Answer to ${event}${replies ? ', as acknowledgement and as event' : ''}`,
      book.output(output),
    )
    channel.messages.error ??= messageOf('error', 'Why an event was refused', {
      $ref: '#/components/schemas/Error',
    })
    operations[`${service}.${name}.receive`] = {
      action: 'receive',
      title: `${event}: ${summary}`,
      summary,
      ...(description !== undefined && { description }),
      tags: [{ name: service }],
      channel: { $ref: `#/channels/${id}` },
      messages: [{ $ref: `${messages}/${name}` }],
      reply: {
        channel: { $ref: `#/channels/${id}` },
        messages: [{ $ref: `${messages}/${name}.answer` }, { $ref: `${messages}/error` }],
      },
    }
  }
}

/** Events that clients receive, and where they have to be to hear them. */
function addPushes({ book, channels, operations }: Draft, contract: Contract): void {
  const { service, events = {}, signals = {} } = contract
  for (const [name, { summary, schema, push = [] }] of Object.entries({ ...events, ...signals })) {
    push.forEach(({ socket, room, except }: Push, index) => {
      const { channel, id, event } = socketChannel(channels, socket)
      const message = index === 0 ? name : `${name}.${index + 1}`
      channel.messages[message] = messageOf(event, summary, book.output(schema))
      operations[`${service}.${message}.push`] = {
        action: 'send',
        title: `${event}: ${summary}`,
        summary,
        description: `To everybody in \`${room}\`${except ? `, but not to \`${except}\`` : ''}.`,
        tags: [{ name: service }],
        channel: { $ref: `#/channels/${id}` },
        messages: [{ $ref: `#/channels/${id}/messages/${message}` }],
      }
    })
  }
}

function socketChannel(channels: Draft['channels'], socket: string) {
  const [namespace = '', event = ''] = socket.split(' ')
  const id = `socket${namespace.replaceAll('/', '.')}`
  const channel = channelOf(channels, id, namespace, 'A namespace of Socket.IO.')
  channel.servers = [{ $ref: '#/servers/sockets' }]
  return { channel, id, event }
}

function channelOf(
  channels: Draft['channels'],
  id: string,
  address: string,
  description: string,
): Channel {
  channels[id] ??= { address, title: address, description, messages: {} }
  return channels[id]
}

function messageOf(name: string, summary: string, payload: JsonSchema, key?: string): JsonSchema {
  return {
    name,
    title: name,
    summary,
    payload,
    ...(key !== undefined && { 'x-key': key }),
  }
}
