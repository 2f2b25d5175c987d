import { createPrivateKey, sign } from 'node:crypto'
import { request } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperationDefinition } from '../kit/contract.ts'
import { placeholdersOf } from '../kit/contract.ts'
import { errorShape } from './lib/error-shape.ts'
import {
  type Answer,
  type Content,
  hasBody,
  httpOperations,
  openProduct,
  type Product,
  sendTo,
  toRequest,
} from './lib/product.ts'
import { jsonSchemaOf, sampleOf, wrongInputs } from './lib/sample.ts'

/**
 * Every operation of every contract is given everything that can be wrong with a request. What is
 * asked of them all: one clear error in the one shape, naming the field, and nothing changed.
 */

const signingSeed = Buffer.alloc(32, 7)
let product: Product
let adminToken: string
let memberToken: string

beforeAll(async () => {
  product = await openProduct({ SIGNING_KEY: signingSeed.toString('base64') })
  adminToken = await product.tokenOf('admin')
  memberToken = await product.tokenOf('member')
})

afterAll(() => product[Symbol.asyncDispose]())

function send(
  definition: OperationDefinition,
  input: Record<string, unknown>,
  content: Content = {},
): Promise<Answer> {
  const { method, path, json } = toRequest(definition, input)
  return sendTo(product.url, method, path, { token: adminToken, json, ...content })
}

function expectRefusal({ status, body }: Answer, wanted: number, why: string): void {
  expect({ why, status, body }).toEqual({
    why,
    status: wanted,
    body: expect.objectContaining({ ...errorShape, statusCode: wanted }),
  })
}

/** How many rows there are, in everything that a person's request could change. */
function countRows(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const service of ['accounts', 'users', 'chat', 'notifications']) {
    const database = new DatabaseSync(`${product.folder}/${service}.db`, { readOnly: true })
    const tables = database
      .prepare(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '%search%' and sql not like '%virtual%'",
      )
      .all() as { name: string }[]
    for (const { name } of tables) {
      // What the kit moves by itself, and what tells who is here now.
      if (/^(outbox|outbox_offset|inbox|connection|revocation)$/.test(name)) continue
      const row = database.prepare(`select count(*) as n from "${name}"`).get() as { n: number }
      counts[`${service}.${name}`] = row.n
    }
    database.close()
  }
  return counts
}

describe.each(httpOperations)('$name', ({ definition }) => {
  const schema = jsonSchemaOf(definition.input)
  const sample = sampleOf(schema) as Record<string, unknown>
  const [method = '', template = ''] = (definition.http ?? '').split(' ')
  const inBody = hasBody(method)

  test('refuses each wrong field by its name, and changes nothing', async () => {
    const before = countRows()
    const inPath = new Set(placeholdersOf(template))
    for (const { why, field, input } of wrongInputs(schema, inPath)) {
      // In a query everything is text, and an object or a number is one too.
      if (!inBody && ['an object', 'a number', 'null'].includes(why)) continue
      const answer = await send(definition, input)
      expectRefusal(answer, 400, `${field} ${why}`)
      expect(answer.body.errors).toContainEqual(
        expect.objectContaining({ field: expect.stringMatching(new RegExp(`^${field}\\b`)) }),
      )
    }
    for (const field of inPath) {
      const answer = await send(definition, { ...sample, [field]: 'a'.repeat(600) })
      expect(answer.status, `${field} too long`).toBeGreaterThanOrEqual(400)
      expect(answer.status, `${field} too long`).toBeLessThan(500)
    }
    expect(countRows()).toEqual(before)
  })

  const inside = definition.access !== 'public'
  if (inside)
    test('refuses who is not let in', async () => {
      const [header = '', payload = '', signature = ''] = memberToken.split('.')
      const forged = [
        ['no token', null],
        ['not a token', 'x'],
        ['another signature', `${header}.${payload}.${signature.split('').reverse().join('')}`],
        ['no signature', `${header}.${payload}.`],
        ['algorithm none', `${base64({ alg: 'none', typ: 'at+jwt' })}.${payload}.`],
        ['expired', resign(memberToken, { iat: 1_600_000_000, exp: 1_600_000_900 })],
        ['of another installation', resign(memberToken, { iss: 'https://elsewhere.example' })],
        ['for something else', resign(memberToken, { aud: 'elsewhere' })],
        [
          'another person',
          `${header}.${base64({ sub: product.admin.id, role: 'admin' })}.${signature}`,
        ],
      ] as const
      for (const [why, token] of forged) {
        expectRefusal(await send(definition, sample, { token }), 401, why)
      }
      if (definition.access === 'admin' || definition.access === 'moderator') {
        expectRefusal(await send(definition, sample, { token: memberToken }), 403, 'a member')
      }
    })

  if (inBody)
    test('refuses a body that is none', async () => {
      const json = 'application/json'
      const cases = [
        ['broken JSON', 400, { type: json, body: '{"a":' }],
        ['invalid UTF-8', 400, { type: json, body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) }],
        ['an array', 400, { type: json, body: '[]' }],
        ['null', 400, { type: json, body: 'null' }],
        ['another type', 415, { type: 'text/plain', body: 'a' }],
        ['too large', 413, { type: json, body: `{"a":"${'a'.repeat(1_100_000)}"}` }],
      ] as const
      for (const [why, status, raw] of cases) {
        if (definition.tier === 'upload' && why === 'too large') continue
        expectRefusal(await send(definition, sample, { raw }), status, why)
      }
    })

  test('answers ids of nothing, and of what belongs to others, without an error of its own', async () => {
    const answers = await Promise.all([
      send(definition, sample, { token: memberToken }),
      send(definition, sample, { token: memberToken }),
    ])
    for (const answer of answers) {
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500)
      if (answer.status >= 400) expect(answer.body).toMatchObject(errorShape)
    }
    memberToken = await product.tokenOf('member')
  })
})

test('a request that is given up half way leaves the server well', async () => {
  const { port } = new URL(product.url)
  for (let i = 0; i < 20; i++) {
    const half = request({
      port,
      method: 'POST',
      path: '/api/v1/messages',
      headers: { 'content-type': 'application/json', 'content-length': '1000' },
    })
    half.on('error', () => undefined)
    half.write('{"conversationId":')
    half.destroy()
  }
  const health = await fetch(`${product.url}/health`)
  expect(health.status).toBe(200)
})

test('an error of the server tells nothing but the request', async () => {
  const answer = await fetch(`${product.url}/api/v1/nothing-here`, {
    headers: { 'x-request-id': 'request-of-mine-1' },
  })
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ ...errorShape, requestId: 'request-of-mine-1' })
})

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A token as this installation itself would sign it, with other claims. */
function resign(token: string, claims: object): string {
  const [header = '', payload = ''] = token.split('.')
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const unsigned = `${header}.${base64({ ...said, ...claims })}`
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), signingSeed])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return `${unsigned}.${sign(null, Buffer.from(unsigned), key).toString('base64url')}`
}
