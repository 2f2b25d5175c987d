import specs from '@asyncapi/specs'
import { Ajv, type AnySchemaObject } from 'ajv'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { createAsyncApi } from './asyncapi.ts'
import { defineContract } from './contract.ts'

const Message = z.object({ roomId: z.string(), text: z.string() }).meta({ id: 'Message' })
const input = z.strictObject({ roomId: z.string(), text: z.string() })

const talk = defineContract({
  service: 'talk',
  summary: 'Talk',
  operations: {
    say: {
      summary: 'Say something',
      socket: '/chat message:send',
      replies: '/chat message:sent',
      access: 'member',
      input,
      output: Message,
    },
  },
  events: {
    said: {
      summary: 'Something was said',
      schema: Message,
      key: 'roomId',
      topic: 'ready-message',
      push: [
        { socket: '/chat message:new', room: 'room:{roomId}', except: 'roomId' },
        { socket: '/admin message:any', room: 'admins' },
      ],
    },
    roomOpened: {
      summary: 'A room opened',
      schema: z.object({ roomId: z.string() }),
      key: 'roomId',
    },
  },
  signals: {
    typing: {
      summary: 'Somebody types',
      schema: z.object({ roomId: z.string() }),
      push: [{ socket: '/chat user:typing', room: 'room:{roomId}' }],
    },
  },
  entrances: { 'raw-message': { summary: 'Bots write here', schema: input, key: 'roomId' } },
})

const document = createAsyncApi([talk], {
  title: 'Talk',
  version: '1.2.3',
  description: 'About talking',
  host: 'talk.example.org',
  secure: true,
  errorSchema: { type: 'object' },
})
// biome-ignore lint/suspicious/noExplicitAny: a document is read at many depths.
const { channels, operations, servers, components } = document as any

test('the document is valid by the judgement of others', () => {
  const schema = specs.schemasWithoutId['3.0.0'] as AnySchemaObject
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })

  ajv.validate(schema, document)

  expect(ajv.errors).toBeNull()
})

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)]
  const find = (path: string) =>
    path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document)

  expect(references.length).toBeGreaterThan(10)
  for (const [, path = ''] of references) expect([path, find(path)]).not.toEqual([path, undefined])
})

test('events and entrances are topics', () => {
  expect(Object.keys(channels)).toEqual([
    'ready-message',
    'talk.roomOpened',
    'raw-message',
    'socket.chat',
    'socket.admin',
  ])
  expect(channels['ready-message'].address).toBe('ready-message')
  expect(channels['ready-message'].messages.said).toMatchObject({
    payload: { $ref: '#/components/schemas/Message' },
    'x-key': 'roomId',
  })
  expect(operations['talk.said.send'].action).toBe('send')
  expect(operations['talk.raw-message.receive'].action).toBe('receive')
})

test('namespaces are channels of the sockets, with what clients send and hear', () => {
  const { messages, servers: at, address } = channels['socket.chat']

  expect([address, at]).toEqual(['/chat', [{ $ref: '#/servers/sockets' }]])
  expect(Object.values(messages).map((message) => (message as { name: string }).name)).toEqual([
    'message:send',
    'message:sent',
    'error',
    'message:new',
    'user:typing',
  ])
  expect(operations['talk.say.receive'].reply.messages).toEqual([
    { $ref: '#/channels/socket.chat/messages/say.answer' },
    { $ref: '#/channels/socket.chat/messages/error' },
  ])
  expect(operations['talk.said.push'].description).toBe(
    'To everybody in `room:{roomId}`, but not to `roomId`.',
  )
  expect(operations['talk.said.2.push'].channel.$ref).toBe('#/channels/socket.admin')
  expect(servers.sockets).toMatchObject({ host: 'talk.example.org', protocol: 'wss' })
  expect(Object.keys(components.schemas)).toEqual(['Message', 'Error'])
})

test('an event without a topic of its own tells the one that it shares on Kafka', () => {
  expect(channels['talk.roomOpened'].bindings).toEqual({
    kafka: { topic: 'events.talk', bindingVersion: '0.5.0' },
  })
  expect(channels['ready-message'].bindings).toBe(undefined)
})
