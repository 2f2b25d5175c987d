import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { published } from '../../bin/contracts.ts'
import { createOpenApiDocument } from '../../gateway/documents.ts'
import type { OperationDefinition } from '../../kit/contract.ts'
import { placeholdersOf } from '../../kit/contract.ts'
import type { Mint } from '../conformance/forgeries.ts'
import { createRandom } from './browsers.ts'
import { generate, pick, spoil, type World } from './generate.ts'
import { type Answer, httpOperations, type Product, sendTo, toRequest } from './product.ts'
import { jsonSchemaOf } from './sample.ts'

export type CasesOptions = {
  cases: number
  seed: number
  report?: (line: string) => void
}

export type CasesResult = {
  cases: number
  byStatus: Record<string, number>
  /** Operations that have succeeded at least once. */
  succeeded: string[]
  /** Answers from 500 on, and answers that the OpenAPI document does not allow. */
  wrong: string[]
}

type Case = {
  name: string
  definition: OperationDefinition
  input: Record<string, unknown>
  token: string | null
  headers: Record<string, string>
}

const atOnce = 8
const keptOfEach = 200

/**
 * Calls operations with generated inputs: mostly good ones about things that exist, some with one
 * thing wrong. Every answer is held against the OpenAPI document: its status is declared for the
 * operation, and its body is what the document says.
 */
export async function runCases(
  { url, admin, member }: Pick<Product, 'url' | 'admin' | 'member'>,
  mint: Mint,
  { cases, seed, report = () => undefined }: CasesOptions,
): Promise<CasesResult> {
  const random = createRandom(seed)
  const world: World = { random, seen: new Map() }
  const findFault = createJudge()
  const schemas = new Map(
    httpOperations.map(({ name, definition }) => [name, jsonSchemaOf(definition.input)]),
  )
  // Whoever has the member's password waits for a hash: not as often as for the rest.
  const frequent = httpOperations.filter(({ definition }) => definition.tier !== 'auth')
  const succeeded = new Set<string>()
  const result: CasesResult = { cases: 0, byStatus: {}, succeeded: [], wrong: [] }
  for (const id of [admin.id, member.id]) see('userId', id)
  let role = 'user'

  let started = 0
  await Promise.all(Array.from({ length: atOnce }, work))
  result.succeeded = [...succeeded].sort()
  return result

  async function work(): Promise<void> {
    while (started < cases) {
      started += 1
      const one = makeCase()
      const { method, path, json } = toRequest(one.definition, one.input)
      const answer = await sendTo(url, method, path, { ...one, json })
      result.cases += 1
      result.byStatus[answer.status] = (result.byStatus[answer.status] ?? 0) + 1
      const fault = findFault(one.definition, answer)
      if (fault) {
        const told = JSON.stringify(answer.body).slice(0, 1_000)
        const input = JSON.stringify(one.input).slice(0, 1_000)
        result.wrong.push(`${one.name}: ${answer.status} ${fault} ${told}, asked ${input}`)
      }
      if (answer.status < 300) {
        succeeded.add(one.name)
        harvest(answer.body)
        // Access tokens with a former role are void.
        if (one.input.userId === member.id) role = String(one.input.role ?? role)
      }
      if (result.cases % 1_000 === 0) {
        report(`${result.cases} ${JSON.stringify(result.byStatus)}, ${result.wrong.length} wrong`)
      }
    }
  }

  function makeCase(): Case {
    const { name, definition } =
      pick(random(20) === 0 ? httpOperations : frequent, random) ?? missing()
    const good = generate(schemas.get(name) ?? {}, world) as Record<string, unknown>
    const spoilt = random(3) === 0 ? spoil(good, world) : good
    // An empty segment or a dot is another address, of which nothing is promised here.
    const inPath = placeholdersOf(definition.http ?? '')
    const isElsewhere = inPath.some((field) => /^\.{0,2}$/.test(String(spoilt[field] ?? '')))
    const headers: Record<string, string> = {}
    if (random(10) === 0) {
      headers['idempotency-key'] =
        pick(['"one"', '"two"', 'x', '""', '\u00fc', 'a b'], random) ?? ''
    }
    return { name, definition, input: isElsewhere ? good : spoilt, token: tokenFor(), headers }
  }

  function tokenFor(): string | null {
    const actor = pick(['admin', 'admin', 'member', 'member', 'member', 'new', 'none'], random)
    if (actor === 'none') return null
    const iat = Math.floor(Date.now() / 1000)
    return mint.signed(mint.header, {
      ...mint.claims,
      sub: actor === 'admin' ? admin.id : member.id,
      sid: crypto.randomUUID(),
      role: actor === 'admin' ? 'admin' : role,
      confirmed: actor !== 'new',
      iat,
      exp: iat + 900,
    })
  }

  function see(field: string, value: string): void {
    const values = world.seen.get(field) ?? []
    world.seen.set(field, values)
    if (values.length < keptOfEach) values.push(value)
    else values[random(keptOfEach)] = value
  }

  /** Remembers what later inputs may name. */
  function harvest(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    for (const [field, inner] of Object.entries(value)) {
      if (typeof inner !== 'string') harvest(inner)
      else if (field === 'id') see(nameOfId(value), inner)
      else if (/(Id|username)$/.test(field)) see(field, inner)
      else if (field === 'next' || field === 'previous') see('cursor', inner)
    }
    if ('senderId' in value) see('userId', String(value.senderId))
  }
}

/** What an object's `id` is called where it is asked for, told by what stands beside it. */
function nameOfId(value: object): string {
  if ('memberCount' in value) return 'conversationId'
  if ('senderId' in value) return 'messageId'
  if ('username' in value || 'displayName' in value) return 'userId'
  if ('device' in value) return 'sessionId'
  return 'notificationId'
}

type Responses = Record<string, { $ref?: string }>
type Document = { paths: Record<string, Record<string, { responses: Responses }>> }

/** Makes what says why an answer is not as the OpenAPI document has it. */
function createJudge() {
  const document = createOpenApiDocument(published, 'test') as unknown as Document
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'api')
  const validators = new Map<string, ValidateFunction>()

  return ({ http }: OperationDefinition, answer: Answer): string | undefined => {
    const [method = '', template = ''] = (http ?? '').split(' ')
    const path = `/api/v1${template}`
    const responses = document.paths[path]?.[method.toLowerCase()]?.responses ?? {}
    const response = responses[answer.status]
    if (answer.status >= 500) return 'is a failure of the server'
    if (!response) return 'is not declared'
    const pointer =
      response.$ref ??
      `#${toPointer(['paths', path, method.toLowerCase(), 'responses', answer.status])}`
    const $ref = `api${pointer}${toPointer(['content', 'application/json', 'schema'])}`
    const validate = validators.get($ref) ?? ajv.compile({ $ref })
    validators.set($ref, validate)
    if (!validate(answer.body)) return `breaks the document: ${ajv.errorsText(validate.errors)};`
    if (answer.status >= 400 && answer.body.requestId !== answer.headers.get('x-request-id')) {
      return 'names another request'
    }
    return undefined
  }
}

function toPointer(parts: readonly (string | number)[]): string {
  return parts
    .map(
      (part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`,
    )
    .join('')
}

function missing(): never {
  throw new Error('There are no operations')
}
