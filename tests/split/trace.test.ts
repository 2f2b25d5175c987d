import { expect, test } from 'vitest'
import { eventually } from '../../kit/testing.ts'
import { openCollector, outlineOf, type ReceivedSpan, statementsOf } from '../lib/collector.ts'
import { password, setUp, signUp } from '../lib/people.ts'
import { sendTo } from '../lib/product.ts'
import { startCluster } from './lib/cluster.ts'

/** From what came in at a gateway to the sockets of both, and to the notification of a mention. */
const sendMessage = [
  '  stoa-gateway client chat.sendMessage',
  '    stoa-chat-notifications-audit server chat.sendMessage',
  '      stoa-chat-notifications-audit producer publish chat.memberMentioned',
  '        stoa-chat-notifications-audit consumer process chat.memberMentioned',
  '          stoa-chat-notifications-audit producer publish notifications.notificationCreated',
  '            stoa-gateway producer push notification:new',
  '      stoa-chat-notifications-audit producer publish ready-message',
  '        stoa-gateway producer push message:new',
]

test.each(['kafka', 'rabbitmq'] as const)(
  'over %s a message is one trace, from the request or the socket through the database to the sockets of others',
  async (kind) => {
    await using collector = await openCollector()
    await using cluster = await startCluster(kind, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      // A busy machine takes its time to take them, too.
      OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
    })
    const [first, second] = cluster.gateways
    const ann = await setUp(first)
    const bob = await signUp(second, 'bob')
    const heard: string[] = []
    for (const event of ['message:new', 'notification:new'] as const) {
      bob.client.on(event, () => heard.push(event))
    }
    const { id: conversationId } = await ann.client.api.chat.openDirect({ userId: bob.id })
    for (const { client } of [ann, bob]) {
      client.live.connect()
      await eventually(() => client.live.state() === 'online', Boolean, 60_000)
      await client.conversations.open(conversationId)
    }
    const mention = `@[bob](${bob.id})`
    const { accessToken } = await ann.client.api.accounts.login({ identifier: 'admin', password })

    await ann.client.outbox.send({ conversationId, content: `by socket, ${mention}` })
    const { status } = await sendTo(first, 'POST', '/messages', {
      token: accessToken,
      json: { conversationId, uuid: crypto.randomUUID(), content: `by HTTP, ${mention}` },
    })
    expect(status).toBe(201)
    await eventually(() => heard.length >= 4, Boolean, 60_000)
    ann.client.close()
    bob.client.close()
    // What they had not sent yet, they send when they stop.
    await Promise.all(cluster.parts.map((part) => part.stop()))

    const spans = collector.spans()
    for (const name of ['receive message:send', 'POST /api/v1/messages']) {
      // A client that waits too long for an answer asks once more: the first time counts.
      const [root] = spans
        .filter((span) => span.name === name && span.parentId === '')
        .toSorted((one, other) => Number(one.startedAt - other.startedAt))
      expect(root).toMatchObject({ service: 'stoa-gateway', instance: 'part-0' })
      const traceId = root?.traceId ?? ''
      expect(outlineOf(spans, traceId)).toEqual([`stoa-gateway server ${name}`, ...sendMessage])
      const ofTrace = spans.filter((span) => span.traceId === traceId)
      for (const pushed of ['push message:new', 'push notification:new']) {
        expect(instancesOf(ofTrace, pushed)).toContain('part-1')
      }

      const written = statementsOf(spans, traceId, 'chat.sendMessage')
      const names = ['BEGIN', 'INSERT message', 'INSERT outbox', 'COMMIT']
      expect(written.map((span) => span.name)).toEqual(expect.arrayContaining(names))
      expect(written.map((span) => span.name)).not.toContain('SELECT outbox')
      for (const { kind: of, service, attributes } of written) {
        expect([of, service]).toEqual(['client', 'stoa-chat-notifications-audit'])
        expect(attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.namespace': 'chat' })
      }
      const noted = statementsOf(spans, traceId, 'process chat.memberMentioned')
      expect(noted.map((span) => span.name)).toContain('INSERT inbox')
      const system = ofTrace.find((span) => span.name === 'publish ready-message')
      expect(system?.attributes).toMatchObject({ 'messaging.system': kind })
    }
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toMatch(
      /by (HTTP|socket)/,
    )
  },
  600_000,
)

function instancesOf(spans: readonly ReceivedSpan[], name: string): string[] {
  return spans.filter((span) => span.name === name).map(({ instance }) => instance)
}
