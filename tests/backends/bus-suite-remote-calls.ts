import fs from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { Failure } from '../../kit/failure.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { createServiceTokens } from '../../kit/remote/tokens.ts'
import { header, type Message } from '../../kit/remote/transport.ts'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import type { Buses, Network } from './lib/network.ts'
import { nobody, things } from './lib/suite-contract.ts'
import { answerThings } from './lib/things.ts'

/** Calls between processes: what can go wrong there and nowhere else. */
export function describeRemoteCalls(create: () => Promise<Network>): void {
  test('calls of one key run one after the other, in the order they were made', async () => {
    await using network = await create()
    const added: number[] = []
    const worker = await network.join('worker')
    await worker.serve(
      things,
      answerThings('worker', ({ n }) => added.push(n)),
    )
    const client = await clientOf(network)

    const numbers = Array.from({ length: 50 }, (_, n) => n)
    await Promise.all(numbers.map((n) => client.add({ key: 'a', n }, startCall('tester'))))
    expect(added).toEqual(numbers)
  })

  test('input above the limit is refused by its size, and nothing is sent', async () => {
    await using network = await create()
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    const client = await clientOf(network)

    const { maxBodyBytes } = await network.broker.connect('measure').then(async (transport) => {
      await transport.close()
      return transport
    })
    const call = () => startCall('tester', { deadline: Date.now() + 10_000 })
    await expect(client.echo({ text: 'x'.repeat(maxBodyBytes) }, call())).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('bytes'),
    })
    const fits = 'x'.repeat(maxBodyBytes - 1_000)
    expect((await client.echo({ text: fits }, call())).text.length).toBe(fits.length)
  })

  test('two instances share the work', async () => {
    await using network = await create()
    await network.spawn({ name: 'left', serve: true })
    await network.spawn({ name: 'right', serve: true })
    const client = await clientOf(network)

    await eventually(
      async () => {
        const asked = Array.from({ length: 60 }, () =>
          client.whoAnswers({}, startCall('tester', { deadline: Date.now() + 15_000 })),
        )
        const counts = Map.groupBy(await Promise.all(asked), ({ instance }) => instance)
        return [...counts.values()].filter(({ length }) => length > 5).length === 2
      },
      Boolean,
      20_000,
    )
  })

  test('callers never get the answers of others', async () => {
    await using network = await create()
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    const callers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => network.join(name)),
    )

    const wrong: string[] = []
    await Promise.all(
      callers.flatMap((caller, c) => {
        const { things: client } = createClients(caller, 'tester', { things })
        return Array.from({ length: 100 }, async (_, i) => {
          const text = `${c} ${i}`
          const answer = await client.echo({ text }, startCall('tester'))
          if (answer.text !== text) wrong.push(text)
        })
      }),
    )
    expect(wrong).toEqual([])
  })

  test('a worker that is killed leaves its callers unavailable, and another takes over', async () => {
    await using network = await create()
    const victim = await network.spawn({ name: 'victim', serve: true })
    const client = await clientOf(network)

    const call = startCall('tester', { deadline: Date.now() + 2_000 })
    const asked = client.whoAnswers({ waitMs: 60_000 }, call)
    const outcome = expect(asked).rejects.toMatchObject({ code: 'unavailable' })
    await client.whoAnswers({}, startCall('tester'))
    await victim.kill()
    await outcome

    const heir = await network.join('heir')
    await heir.serve(things, answerThings('heir'))
    const answered = () =>
      client
        .whoAnswers({}, startCall('tester', { deadline: Date.now() + 1_000 }))
        .catch(() => undefined)
    expect(await eventually(answered, Boolean, 20_000)).toEqual({ instance: 'heir' })
  })

  test('a worker that drains leaves no call without its answer', async () => {
    await using network = await create()
    await network.spawn({ name: 'stays', serve: true })
    const goes = await network.spawn({ name: 'goes', serve: true })
    const client = await clientOf(network)

    let ended = false
    const failures: unknown[] = []
    async function ask(): Promise<void> {
      while (!ended) {
        const deadline = Date.now() + 8_000
        await client.whoAnswers({ waitMs: 5 }, startCall('tester', { deadline })).catch((error) => {
          failures.push(error)
          ended = true
        })
      }
    }
    const asking = Array.from({ length: 8 }, ask)
    await goes.close()
    ended = true
    await Promise.all(asking)
    expect(failures).toEqual([])
  })

  test('workers come, go and are killed: each call is done once at most, and answered or unavailable', async () => {
    await using network = await create()
    using folder = temporaryFolder()
    const ledger = `${folder.path}/ledger`
    const spawn = (name: string) => network.spawn({ name, serve: true, ledger })
    const first = await spawn('first')
    const client = await clientOf(network)
    const acknowledged = new Set<number>()
    const failures: unknown[] = []
    let asked = 0
    let ended = false
    /** Who is refused comes back a little later: an open circuit refuses within the same turn. */
    async function refuse(error: unknown): Promise<void> {
      failures.push(error)
      await wait(10)
    }
    async function ask(): Promise<void> {
      while (!ended) {
        asked++
        const n = asked
        await client
          .add({ key: `key${n % 20}`, n }, startCall('tester'))
          .then(() => acknowledged.add(n))
          .catch((error) => refuse(error))
      }
    }
    const untilMore = (count: number) => {
      const goal = acknowledged.size + count
      return eventually(() => acknowledged.size >= goal, Boolean, 60_000)
    }
    const asking = Array.from({ length: 16 }, ask)
    await untilMore(100)
    const second = await spawn('second')
    await untilMore(100)
    await spawn('third')
    await untilMore(100)
    await second.close()
    await untilMore(100)
    await first.kill()
    await untilMore(300)
    ended = true
    await Promise.all(asking)

    expect(failures.filter((error) => !(error instanceof Failure))).toEqual([])
    expect(failures.filter((error) => (error as Failure).code !== 'unavailable')).toEqual([])
    const added = fs.readFileSync(ledger, 'utf8').trim().split('\n').map(Number)
    expect(added.length).toBe(new Set(added).size)
    expect([...acknowledged].filter((n) => !added.includes(n))).toEqual([])
  }, 180_000)

  test('a call without a valid service token is refused and counted', async () => {
    await using network = await create()
    const metrics = createMetrics()
    const worker = await network.join('worker', { metrics })
    const added: unknown[] = []
    await worker.serve(
      things,
      answerThings('worker', (input) => added.push(input)),
    )
    await using raw = await openRaw(network)

    const mint = (key: string, service: string, now = Date.now()) =>
      createServiceTokens(key, () => now).mint('tester', service)
    const good = mint(network.serviceKey, 'things')
    const bad: Record<string, string | undefined> = {
      missing: undefined,
      garbage: 'garbage',
      forged: mint('another key that is long enough for it', 'things'),
      expired: mint(network.serviceKey, 'things', Date.now() - 3_600_000),
      'for another service': mint(network.serviceKey, 'nobody'),
      unsigned: unsigned(good),
    }
    for (const [name, token] of Object.entries(bad)) {
      const answer = await raw.ask(token)
      expect([name, answer.headers[header.outcome], JSON.parse(answer.body).code]).toEqual([
        name,
        'failure',
        'internal',
      ])
    }
    expect(added).toEqual([])
    expect(await dropped(metrics, 'token')).toBe(Object.keys(bad).length)

    expect((await raw.ask(good)).headers[header.outcome]).toBe('ok')
    expect(added).toEqual([{ key: 'a', n: 1 }])
  })

  test('a request past its deadline is dropped and counted', async () => {
    await using network = await create()
    const metrics = createMetrics()
    const worker = await network.join('worker', { metrics })
    const added: unknown[] = []
    await worker.serve(
      things,
      answerThings('worker', (input) => added.push(input)),
    )
    await using raw = await openRaw(network)

    const token = createServiceTokens(network.serviceKey).mint('tester', 'things')
    await raw.send(token, { [header.deadline]: String(Date.now() - 10) })
    // Most brokers drop it themselves; either way the next one is answered and it had no effect.
    await raw.ask(token)
    expect(added).toEqual([{ key: 'a', n: 1 }])
  })

  test('requests that make no sense harm nobody', async () => {
    await using network = await create()
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    await using raw = await openRaw(network)

    const token = createServiceTokens(network.serviceKey).mint('tester', 'things')
    for (const body of ['', 'not JSON', 'null', '[]', '{"input":', '7']) {
      const answer = await raw.ask(token, {}, body)
      expect([body, answer.headers[header.outcome]]).toEqual([body, 'failure'])
    }
    await raw.send(token, { [header.deadline]: 'soon' })
    await raw.send(token, { [header.replyTo]: 'nowhere/at all' })
    await raw.send(token, { [header.correlationId]: '' })
    expect((await raw.ask(token, { [header.operation]: '__proto__' })).headers).toMatchObject({
      [header.outcome]: 'failure',
    })
    expect((await raw.ask(token)).headers[header.outcome]).toBe('ok')
  })

  test('answers that nobody asked for harm nobody', async () => {
    await using network = await create()
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    const client = await clientOf(network)
    await using raw = await openRaw(network)
    const unwanted = [{}, { [header.correlationId]: 'unknown', [header.outcome]: 'ok' }]
    for (const headers of unwanted) {
      // Where only a worker learns an address, the driver may refuse to send there.
      await raw.transport
        .sendReply(raw.address, { key: undefined, headers, body: 'nonsense' })
        .catch(() => undefined)
    }

    expect(await client.echo({ text: 'a' }, startCall('tester'))).toEqual({ text: 'a' })
  })

  test('a service that never answers is soon refused at once, and tried again later', async () => {
    await using network = await create()
    const caller = await network.join('caller')
    const clients = createClients(caller, 'tester', { nobody, things })
    const ask = () =>
      clients.nobody
        .ask({}, startCall('tester', { deadline: Date.now() + 100 }))
        .catch((error) => error)

    await eventually(async () => {
      const started = performance.now()
      await ask()
      return performance.now() - started < 20
    })
    expect(await ask()).toMatchObject({ code: 'unavailable', retryAfter: expect.any(Number) })

    // Another service is not touched by it.
    const worker = await network.join('worker')
    await worker.serve(things, answerThings('worker'))
    expect(await clients.things.echo({ text: 'a' }, startCall('tester'))).toEqual({ text: 'a' })
  })
}

async function clientOf(buses: Buses) {
  const caller = await buses.join('caller')
  return createClients(caller, 'tester', { things }).things
}

async function dropped(metrics: ReturnType<typeof createMetrics>, reason: string): Promise<number> {
  const { values } = await metrics.callsDropped.get()
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0
}

function unsigned(token: string): string {
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
  return `${none}.${token.split('.')[1]}.`
}

/** Sends what no bus would. */
async function openRaw(network: Network) {
  const transport = await network.broker.connect('raw')
  const answers = new Map<string, (message: Message) => void>()
  const address = await transport.openReplies((message) =>
    answers.get(message.headers[header.correlationId] ?? '')?.(message),
  )
  const goodBody = JSON.stringify({ input: { key: 'a', n: 1 } })

  async function send(
    token: string | undefined,
    headers: Record<string, string> = {},
    body = goodBody,
  ): Promise<void> {
    await transport.sendRequest('things', {
      key: undefined,
      headers: {
        [header.correlationId]: crypto.randomUUID(),
        [header.replyTo]: address,
        [header.operation]: 'add',
        [header.deadline]: String(Date.now() + 10_000),
        ...(token !== undefined && { [header.serviceToken]: token }),
        ...headers,
      },
      body,
    })
  }

  return {
    transport,
    address,
    send,
    async ask(token: string | undefined, headers: Record<string, string> = {}, body = goodBody) {
      const id = crypto.randomUUID()
      const { promise, resolve } = Promise.withResolvers<Message>()
      answers.set(id, resolve)
      await send(token, { ...headers, [header.correlationId]: id }, body)
      return promise
    },
    [Symbol.asyncDispose]: () => transport.close(),
  }
}
