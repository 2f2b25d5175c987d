import { io, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { published } from '../bin/contracts.ts'
import type { OperationDefinition } from '../kit/contract.ts'
import { errorShape } from './lib/error-shape.ts'
import { openProduct, type Product } from './lib/product.ts'
import { jsonSchemaOf, sampleOf, wrongInputs } from './lib/sample.ts'

/** What `bad-input.test.ts` does to every operation over HTTP, done to every event of a socket. */

let product: Product
let token: string
let socket: Socket

beforeAll(async () => {
  product = await openProduct()
  token = await product.tokenOf('member')
  socket = open(token)
  await new Promise((resolve) => socket.once('connected', resolve))
})

afterAll(async () => {
  socket.disconnect()
  await product[Symbol.asyncDispose]()
})

function open(given: unknown): Socket {
  return io(`${product.url}/chat`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { token: given },
  })
}

type Answer = Record<string, unknown>

function send(event: string, ...payload: unknown[]): Promise<Answer> {
  return socket.timeout(5_000).emitWithAck(event, ...payload)
}

const events = published.flatMap((contract) =>
  Object.values<OperationDefinition>(contract.operations)
    .filter(({ socket }) => socket)
    .map((definition) => ({ event: definition.socket?.split(' ')[1] ?? '', definition })),
)

describe.each(events)('$event', ({ event, definition }) => {
  const schema = jsonSchemaOf(definition.input)
  const sample = sampleOf(schema)

  test('refuses each wrong field by its name', async () => {
    for (const { why, field, input } of wrongInputs(schema, new Set())) {
      const answer = await send(event, input)
      expect({ why, ...answer }).toMatchObject({ ...errorShape, why, statusCode: 400 })
      expect(answer.errors).toContainEqual(
        expect.objectContaining({ field: expect.stringMatching(new RegExp(`^${field}\\b`)) }),
      )
    }
  })

  test('refuses a payload that is no object, and more than one', async () => {
    for (const payload of [['text'], [7], [null], [[]], [Buffer.from('x')], [sample, sample]]) {
      const answer = await send(event, ...payload)
      expect({ payload, ...answer }).toMatchObject({ ...errorShape, statusCode: 400 })
    }
  })

  test('tells of a refusal as an exception when no acknowledgement is asked for', async () => {
    const told = new Promise((resolve) => socket.once('exception', resolve))
    socket.emit(event, { surprise: 'x' })
    expect(await told).toMatchObject({ ...errorShape, statusCode: 400 })
  })

  test('answers ids of nothing, and of what belongs to others, without an error of its own', async () => {
    const answers = await Promise.all([send(event, sample), send(event, sample)])
    for (const answer of answers) {
      if ('statusCode' in answer) {
        expect(answer).toMatchObject(errorShape)
        expect(answer.statusCode, JSON.stringify(answer)).toBeLessThan(500)
      }
    }
  })
})

test('an event that nobody knows is refused', async () => {
  expect(await send('message:explode', {})).toMatchObject({ ...errorShape, code: 'not_found' })
})

test('who is not let in is told why in the one shape', async () => {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const forged = [
    undefined,
    '',
    7,
    'x',
    `${header}.${payload}.`,
    `${header}.${payload}.${signature.split('').reverse().join('')}`,
  ]
  for (const given of forged) {
    const refused = open(given)
    const error = await new Promise<Error & { data?: unknown }>((resolve) =>
      refused.once('connect_error', resolve),
    )
    expect(error.data).toMatchObject({ statusCode: 401, code: 'unauthenticated' })
    refused.disconnect()
  }
})
