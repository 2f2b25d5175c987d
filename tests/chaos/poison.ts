// `npm run chaos:poison -- 100000 [--nodes 3]`: so many events for the audit trail, of which one in
// a hundred cannot be stored, while a broker is killed and comes back. Only their own keys may
// wait; all of them must come to lie in the dead-letter store with their cause, and one redrive
// must clear them when what was wrong is mended.
import pg from 'pg'
import { audit } from '../../contracts/audit.ts'
import type { AuditEntry } from '../../contracts/audit-entry.ts'
import type { EventRecord } from '../../kit/bus.ts'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { createPostgresStores } from '../../kit/db/postgres.ts'
import { databaseConfig } from '../../kit/db/settings.ts'
import { deadLettersOf } from '../../kit/dead-letters.ts'
import { hostService } from '../../kit/host.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { createKafkaTransport } from '../../kit/remote/kafka.ts'
import { connectionOf, KafkaSettings } from '../../kit/remote/kafka-settings.ts'
import { createTopics, kafkaTopics } from '../../kit/remote/kafka-topics.ts'
import { toMessage } from '../../kit/remote/records.ts'
import { createRemoteBus } from '../../kit/remote/remote-bus.ts'
import { eventually } from '../../kit/testing.ts'
import { auditService } from '../../services/audit/index.ts'
import { openRoom, readWords, say } from './lib/installation.ts'

const topic = 'audit.record'
const patienceMs = 1_800_000
const atOnce = 500
/** Of each key there are so many events; one key in ten has poison, in one of ten of its events. */
const perKey = 50
/** Shorter than usual, so that the campaign ends; as many attempts as waits. */
const retryDelaysMs = [500, 1_000, 2_000, 4_000]

const { size, nodes } = readWords(100_000)
await using room = await openRoom(nodes)
const { environment } = room.backends
const log = createLog('silent')
const metrics = createMetrics()
const settings = KafkaSettings.parse(environment)
const database = databaseConfig.parse({ ...environment, DATABASE_CONNECTIONS: '10' })
await createTopics(connectionOf(settings, 'chaos'), kafkaTopics([audit], settings))

await using undo = new AsyncDisposableStack()
const first = await host('first')
await host('second')
const writer = undo.adopt(connect('writer'), (transport) => transport.close())
const sql = new pg.Client(environment.DATABASE_URL)
await sql.connect()
undo.defer(() => sql.end())
await sql.query(`
  alter table audit.audit_entry add column arrival bigserial;
  create function audit.refuse_poison() returns trigger language plpgsql as $$
  begin
    if new.detail like '%"poison":true%' then raise exception 'This is poison'; end if;
    return new;
  end $$;
  create trigger refuse_poison before insert on audit.audit_entry
    for each row execute function audit.refuse_poison();
`)

const waitedWrongly = new Set<string>()
let published = 0
const watching = watch()
await Promise.all([publishAll(), disturb()])
say(`${published} events were published, of which ${poisonOf(size)} are poison`)

const good = size - poisonOf(size)
await eventually(countStored, (stored) => stored >= good, patienceMs)
say('everything but the poison is stored')
await eventually(countWaiting, (waiting) => waiting === 0, patienceMs)
const dead = await sql.query(
  `select count(*)::int as count, count(*) filter (where cause like '%This is poison%')::int as told
   from audit.parked_event where state = 'dead'`,
)
const { count, told } = dead.rows[0]
say(`${count} events are in the dead-letter store, ${told} of them with their cause`)

await sql.query('drop trigger refuse_poison on audit.audit_entry')
const { deadLetters } = createClients(first, 'gateway', { deadLetters: deadLettersOf(audit) })
const redriven = await deadLetters.redriveAuditDeadLetters?.(
  {},
  startCall('gateway', {
    actor: { id: 'admin', sessionId: 'any', role: 'admin', confirmed: true },
    deadline: Date.now() + 120_000,
  }),
)
const parked = await sql.query('select count(*)::int as count from audit.parked_event')
const stored = await countStored()
const order = await sql.query(`
  select count(*)::int as wrong from (
    select (detail::json->>'n')::int as n,
      lag((detail::json->>'n')::int) over (partition by action order by arrival) as before
    from audit.audit_entry where detail not like '%"poison":true%'
  ) as pairs where before > n`)
await watching.stop()

const wrong = [
  ...[...waitedWrongly].map((key) => `${key} waited`),
  ...(count === poisonOf(size) ? [] : [`${count} dead`]),
  ...(told === count ? [] : [`${told} with a cause`]),
  ...(parked.rows[0].count === 0 ? [] : [`${parked.rows[0].count} left after the redrive`]),
  ...(stored === size ? [] : [`${stored} of ${size} stored`]),
  ...(order.rows[0].wrong === 0 ? [] : [`${order.rows[0].wrong} out of order`]),
]
say(
  `${nodes} broker nodes, ${size} events, ${poisonOf(size)} poison: ${waitedWrongly.size} other keys ` +
    `waited, ${count} dead with ${told} causes, ${JSON.stringify(redriven)}, ` +
    `${parked.rows[0].count} left, ${stored} stored, ${order.rows[0].wrong} out of order`,
)
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n`)
  process.exitCode = 1
}

function connect(instanceId: string) {
  return createKafkaTransport({ settings, contracts: [audit], instanceId, log })
}

/** One of the service's two instances, on the real servers. */
async function host(instanceId: string) {
  const bus = createRemoteBus({
    transport: connect(instanceId),
    serviceKey: environment.SERVICE_KEY ?? '',
    entrances: [topic],
    log,
    metrics,
  })
  const stores = createPostgresStores({ config: database })
  const store = await stores.open<never>('audit')
  const config = { AUDIT_DAYS: 0 }
  const options = { bus, store, config, log, metrics, retryDelaysMs }
  const running = await hostService(auditService, options)
  await running.start()
  await eventually(() => bus.ready(), Boolean, patienceMs)
  undo.defer(async () => {
    await bus.close()
    await running.stop()
    await store.close()
  })
  return bus
}

function isSick(key: number): boolean {
  return key % 10 === 0
}

function isPoison(n: number): boolean {
  const keys = Math.ceil(size / perKey)
  return isSick(n % keys) && Math.floor(n / keys) % 10 === 3
}

function poisonOf(total: number): number {
  return Array.from({ length: total }, (_, n) => isPoison(n)).filter(Boolean).length
}

function toRecord(n: number): EventRecord {
  const keys = Math.ceil(size / perKey)
  const key = n % keys
  const action = `${isSick(key) ? 'sick' : 'sound'}.k${key}`
  const { requestId, traceparent } = startCall('chaos')
  const at = new Date().toISOString()
  const payload: AuditEntry = {
    action,
    outcome: 'success',
    actorId: null,
    subjectId: null,
    ip: '192.0.2.1',
    userAgent: 'chaos',
    detail: { n, poison: isPoison(n) },
    at,
  }
  const origin = { service: 'chaos', event: 'audited', topic, key: action }
  return { id: `chaos-${n}`, ...origin, payload, occurredAt: at, requestId, traceparent }
}

/** As an outbox is relayed: what was not taken is published again, before anything after it. */
async function publishAll(): Promise<void> {
  while (published < size) {
    const length = Math.min(atOnce, size - published)
    const batch = Array.from({ length }, (_, i) => toMessage(toRecord(published + i)))
    await eventually(
      () =>
        writer.publish(batch).then(
          () => true,
          () => false,
        ),
      Boolean,
      patienceMs,
    )
    published += length
  }
}

async function disturb(): Promise<void> {
  await eventually(() => published >= size / 2, Boolean, patienceMs)
  const node = room.kafka.nodes[Math.floor(Math.random() * room.kafka.nodes.length)]
  await node?.kill()
  await node?.start()
  say(`a broker was killed, and is back at ${published}`)
}

/** Looks all the time at what waits. */
function watch(): { stop(): Promise<void> } {
  let stopped = false
  async function look(): Promise<void> {
    while (!stopped) {
      const { rows } = await sql.query<{ key: string }>(
        `select distinct order_key as key from audit.parked_event where order_key not like '%/sick.%'`,
      )
      for (const { key } of rows) waitedWrongly.add(key)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const looking = look()
  return {
    async stop() {
      stopped = true
      await looking
    },
  }
}

async function countStored(): Promise<number> {
  const { rows } = await sql.query('select count(*)::int as count from audit.audit_entry')
  return rows[0].count
}

async function countWaiting(): Promise<number> {
  const { rows } = await sql.query(
    `select count(*)::int as count from audit.parked_event where state = 'waiting'`,
  )
  return rows[0].count
}
