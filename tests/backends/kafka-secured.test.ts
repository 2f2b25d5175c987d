import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EventRecord } from '../../kit/bus.ts'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { eventually } from '../../kit/testing.ts'
import { type OwnKafka, startSecuredKafka } from '../lib/own-kafka.ts'
import { topics } from './bus-suite-events.ts'
import { createKafkaBroker } from './lib/kafka-driver.ts'
import { createNetwork } from './lib/network.ts'
import { things } from './lib/suite-contract.ts'
import { answerThings, createOutboxInMemory } from './lib/things.ts'

let kafka: OwnKafka

beforeAll(async () => {
  kafka = await startSecuredKafka()
}, 240_000)
afterAll(() => kafka?.[Symbol.asyncDispose]())

test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
  'calls and events go by TLS and %s',
  async (KAFKA_SASL_MECHANISM) => {
    await using network = await createNetwork((contracts) =>
      createKafkaBroker(contracts, { ...kafka.environment, KAFKA_SASL_MECHANISM }),
    )
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    const caller = await network.join('caller')
    const seen: EventRecord[] = []
    await caller.subscribe('group', topics, async (records) => void seen.push(...records))
    const outbox = createOutboxInMemory()
    await worker.relay(outbox.log)
    const { things: client } = createClients(caller, 'tester', { things })

    expect(await client.echo({ text: 'hello' }, startCall('tester'))).toEqual({ text: 'hello' })
    const record = outbox.add('happened', { key: 'k', n: 1 })
    await eventually(() => seen.length > 0, Boolean, 15_000)
    expect(seen).toEqual([record])
  },
)

test.each([
  ['a wrong password', { KAFKA_SASL_PASSWORD: 'guess' }, /authentication|credentials/i],
  ['no authority for its certificate', { KAFKA_TLS_CA_FILE: '' }, /self.signed|certificate/i],
])('%s is refused, and the reason told', async (_, wrong, reason) => {
  const given = Object.entries({ ...kafka.environment, ...wrong }).filter(
    ([, value]) => value !== '',
  )
  const refused = await createKafkaBroker([things], Object.fromEntries(given)).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(reasonsOf(refused)).toMatch(reason)
})

/** What an error says, down to its causes. */
function reasonsOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const inner = error instanceof AggregateError ? error.errors : [error.cause]
  return [error.message, ...inner.map(reasonsOf)].join(' ')
}
