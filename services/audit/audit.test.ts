import { afterEach, expect, test, vi } from 'vitest'
import { audit } from '../../contracts/audit.ts'
import { type AuditEntry, auditedEvent } from '../../contracts/audit-entry.ts'
import { defineContract } from '../../kit/contract.ts'
import { temporaryFolder, testService } from '../../kit/testing.ts'
import { auditService } from './index.ts'

const doors = defineContract({
  service: 'doors',
  summary: 'A service that has something to tell',
  operations: {},
  events: { audited: auditedEvent },
})

function entry(detail: Partial<AuditEntry> = {}): AuditEntry {
  return {
    action: 'session.started',
    outcome: 'success',
    actorId: 'ann',
    subjectId: 'session-1',
    ip: '192.0.2.1',
    userAgent: 'Firefox',
    detail: { method: 'password', tries: 2, remembered: true, device: null },
    at: '2026-03-01T10:00:00.000Z',
    ...detail,
  }
}

type Tested = Awaited<ReturnType<typeof testService<typeof auditService>>>

const admin = (service: Tested) => service.as('root', { role: 'admin' })

async function actions(
  service: Tested,
  query: Parameters<ReturnType<typeof admin>['listAudit']>[0],
) {
  const { items } = await admin(service).listAudit(query)
  return items.map(({ action }) => action)
}

afterEach(() => {
  vi.useRealTimers()
})

test('an entry that a service announces is kept once, with its request and its service', async () => {
  await using service = await testService(auditService)

  await service.announce(doors, 'audited', entry())

  const { items } = await admin(service).listAudit({})
  expect(items).toEqual([
    {
      ...entry(),
      id: expect.any(String),
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      service: 'doors',
    },
  ])
})

test('an entry that is written to the topic is kept once', async () => {
  await using service = await testService(auditService)

  await service.produce('audit.record', entry())

  const { items } = await admin(service).listAudit({})
  expect(items).toMatchObject([{ ...entry(), service: 'audit.record' }])
})

test('two equal entries are two entries', async () => {
  await using service = await testService(auditService)

  await Promise.all([
    service.produce('audit.record', entry()),
    service.produce('audit.record', entry()),
  ])

  expect((await admin(service).listAudit({ count: true })).count).toBe(2)
})

test('what nobody did to nothing is kept as such', async () => {
  await using service = await testService(auditService)

  await service.produce(
    'audit.record',
    entry({ actorId: null, subjectId: null, outcome: 'failure' }),
  )

  expect((await admin(service).listAudit({})).items).toMatchObject([
    { actorId: null, subjectId: null, outcome: 'failure' },
  ])
})

test('listAudit shows the newest first, whenever the entries came', async () => {
  await using service = await testService(auditService)
  await service.produce(
    'audit.record',
    entry({ action: 'b.second', at: '2026-03-01T10:00:00.500Z' }),
  )
  await service.produce('audit.record', entry({ action: 'c.third', at: '2026-03-01T10:00:01Z' }))
  await service.produce('audit.record', entry({ action: 'a.first', at: '2026-03-01T10:00:00Z' }))

  expect(await actions(service, {})).toEqual(['c.third', 'b.second', 'a.first'])
})

test('listAudit leads through all pages and back, also where many entries share a time', async () => {
  await using service = await testService(auditService)
  for (const n of [1, 2, 3, 4, 5])
    await service.produce('audit.record', entry({ action: `n.${n}` }))

  const first = await admin(service).listAudit({ limit: 2 })
  const second = await admin(service).listAudit({ limit: 2, cursor: first.next ?? '' })
  const third = await admin(service).listAudit({ limit: 2, cursor: second.next ?? '' })
  const back = await admin(service).listAudit({ limit: 2, cursor: second.previous ?? '' })

  const seen = [first, second, third].flatMap(({ items }) => items.map(({ action }) => action))
  expect(seen.toSorted()).toEqual(['n.1', 'n.2', 'n.3', 'n.4', 'n.5'])
  expect(third.next).toBeNull()
  expect(back.items).toEqual(first.items)
})

test('listAudit finds by actor, subject, outcome, action and noun, together and apart', async () => {
  await using service = await testService(auditService)
  await service.produce('audit.record', entry({ action: 'session.started' }))
  await service.produce('audit.record', entry({ action: 'session.ended', subjectId: 'session-2' }))
  await service.produce('audit.record', entry({ action: 'sessionless.used', outcome: 'failure' }))
  await service.produce('audit.record', entry({ action: 'account.blocked', actorId: 'bob' }))

  expect(await actions(service, { actorId: 'bob' })).toEqual(['account.blocked'])
  expect(await actions(service, { subjectId: 'session-2' })).toEqual(['session.ended'])
  expect(await actions(service, { outcome: 'failure' })).toEqual(['sessionless.used'])
  expect(await actions(service, { action: 'session.ended' })).toEqual(['session.ended'])
  expect((await actions(service, { action: 'session' })).toSorted()).toEqual([
    'session.ended',
    'session.started',
  ])
  expect(await actions(service, { action: 'session', subjectId: 'session-1' })).toEqual([
    'session.started',
  ])
  expect(await actions(service, { actorId: 'bob', outcome: 'failure' })).toEqual([])
})

test('listAudit takes `from` with and `to` without its instant, with and without fractions', async () => {
  await using service = await testService(auditService)
  await service.produce(
    'audit.record',
    entry({ action: 'a.before', at: '2026-03-01T09:59:59.999Z' }),
  )
  await service.produce(
    'audit.record',
    entry({ action: 'b.start', at: '2026-03-01T10:00:00.000Z' }),
  )
  await service.produce(
    'audit.record',
    entry({ action: 'c.within', at: '2026-03-01T10:00:00.250Z' }),
  )
  await service.produce('audit.record', entry({ action: 'd.end', at: '2026-03-01T10:00:01.000Z' }))

  const within = { from: '2026-03-01T10:00:00Z', to: '2026-03-01T10:00:01Z', count: true }
  expect(await actions(service, within)).toEqual(['c.within', 'b.start'])
  expect((await admin(service).listAudit(within)).count).toBe(2)
})

test('only an admin reads the trail', async () => {
  await using service = await testService(auditService)

  for (const role of ['user', 'moderator'] as const) {
    await expect(service.as('eve', { role }).listAudit({})).rejects.toMatchObject({
      code: 'forbidden',
    })
  }
  await expect(service.anonymous.listAudit({})).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('listAudit refuses a foreign cursor, a half action and a time that is none', async () => {
  await using service = await testService(auditService)

  for (const [field, query] of [
    ['cursor', { cursor: 'bm90IG91cnM' }],
    ['action', { action: 'session.' }],
    ['from', { from: 'yesterday' }],
  ] as const) {
    await expect(admin(service).listAudit(query)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field }],
    })
  }
})

test('an entry that is none is put aside and harms no other', async () => {
  await using service = await testService(auditService, { retryDelaysMs: [] })

  await service.produce('audit.record', {
    ...entry({ action: 'a.broken' }),
    outcome: 'maybe' as never,
  })
  await service.produce('audit.record', entry())

  expect(await actions(service, {})).toEqual(['session.started'])
})

test('nothing that the contract offers changes or removes an entry', () => {
  expect(Object.keys(audit.operations)).toEqual(['listAudit'])
})

test('entries go after AUDIT_DAYS, and others stay', async () => {
  using folder = temporaryFolder()
  const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 20) })
  {
    await using service = await testService(auditService, { folder: folder.path })
    await service.produce('audit.record', entry({ action: 'a.old', at: day(9) }))
    await service.produce('audit.record', entry({ action: 'b.young', at: day(11) }))
    expect(await actions(service, {})).toEqual(['b.young', 'a.old'])
  }

  await using service = await testService(auditService, {
    folder: folder.path,
    environment: { AUDIT_DAYS: '10' },
  })

  await vi.waitFor(async () => expect(await actions(service, {})).toEqual(['b.young']))
})

test('AUDIT_DAYS of 0 keeps everything', async () => {
  using folder = temporaryFolder()
  const environment = { AUDIT_DAYS: '0' }
  {
    await using service = await testService(auditService, { folder: folder.path, environment })
    await service.produce('audit.record', entry({ at: '1999-01-01T00:00:00.000Z' }))
  }

  await using service = await testService(auditService, { folder: folder.path, environment })
  await service.produce('audit.record', entry({ action: 'session.ended' }))

  expect(await actions(service, {})).toEqual(['session.ended', 'session.started'])
})
