import { expect, test } from 'vitest'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import type { CreateBuses } from './lib/network.ts'
import { nobody, things } from './lib/suite-contract.ts'
import { answerThings } from './lib/things.ts'

/** Calls, as every bus answers them. */
export function describeCalls(create: CreateBuses): void {
  async function open() {
    const buses = await create()
    const worker = await buses.join('worker')
    const added: { key: string; n: number }[] = []
    await worker.serve(
      things,
      answerThings('worker', (input) => added.push(input)),
    )
    const caller = await buses.join('caller')
    const { things: client, nobody: nobodyClient } = createClients(caller, 'tester', {
      things,
      nobody,
    })
    return {
      client,
      nobodyClient,
      caller,
      worker,
      added,
      [Symbol.asyncDispose]: () => buses[Symbol.asyncDispose](),
    }
  }

  test('a call is answered', async () => {
    await using app = await open()

    expect(await app.client.echo({ text: 'héllo\n\u{1f600}' }, startCall('tester'))).toEqual({
      text: 'héllo\n\u{1f600}',
    })
  })

  test('a declared failure arrives whole', async () => {
    await using app = await open()

    await expect(app.client.refuse({}, startCall('tester'))).rejects.toMatchObject({
      name: 'Failure',
      code: 'too_late',
      status: 409,
      message: 'It is too late.',
      errors: [{ field: 'when', message: 'Must be earlier.' }],
      retryAfter: 7,
    })
  })

  test('what nobody declared is internal, and its cause stays where it is', async () => {
    await using app = await open()

    const failure = await app.client.fail({}, startCall('tester')).catch((error) => error)
    expect(failure).toMatchObject({ name: 'Failure', code: 'internal', status: 500 })
    expect(failure.message).not.toContain('secret')
  })

  test('a wrong input is refused by the name of its field', async () => {
    await using app = await open()

    await expect(
      app.client.echo({ text: 7, more: true } as never, startCall('tester')),
    ).rejects.toMatchObject({
      code: 'invalid_input',
      errors: expect.arrayContaining([
        expect.objectContaining({ field: 'text' }),
        expect.objectContaining({ field: 'more' }),
      ]),
    })
  })

  test('a call without an answer is unavailable at its deadline', async () => {
    await using app = await open()

    const started = Date.now()
    const call = startCall('tester', { deadline: started + 300 })
    await expect(app.client.hang({}, call)).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
    })
    expect(Date.now() - started).toBeGreaterThanOrEqual(295)
    expect(Date.now() - started).toBeLessThan(1_500)
  })

  test('a call whose deadline has passed is unavailable at once', async () => {
    await using app = await open()

    const call = startCall('tester', { deadline: Date.now() - 1 })
    await expect(app.client.echo({ text: 'late' }, call)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test('a service that does not run is unavailable within the deadline', async () => {
    await using app = await open()

    const call = startCall('tester', { deadline: Date.now() + 400 })
    await expect(app.nobodyClient.ask({}, call)).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
    })
  })

  test('an operation that the service does not have is not found', async () => {
    await using app = await open()

    const wrong = { ...things, operations: { ...things.operations, other: things.operations.echo } }
    await expect(
      app.caller.call(wrong, 'other', { text: '' }, startCall('tester')),
    ).rejects.toMatchObject({ code: 'not_found' })
  })

  test('1,000 calls at once get each its own answer', async () => {
    await using app = await open()

    const texts = Array.from({ length: 1_000 }, (_, i) => `text ${i}`)
    const call = startCall('tester', { deadline: Date.now() + 10_000 })
    const answers = await Promise.all(texts.map((text) => app.client.echo({ text }, call)))
    expect(answers.map(({ text }) => text)).toEqual(texts)
  })

  test('who calls, on whose behalf and within which trace arrives', async () => {
    await using app = await open()

    const context = startCall('tester', {
      actor: { id: 'ünï', sessionId: 's', role: 'moderator', confirmed: true },
      client: { ip: '192.0.2.7', userAgent: 'A browser, ünï\n', local: false },
    })
    const { call } = await app.client.describeCall({}, context)
    expect(call).toMatchObject({
      actor: context.actor,
      client: context.client,
      caller: 'tester',
      requestId: context.requestId,
      deadline: context.deadline,
    })
    const trace = (text: string) => text.split('-')[1]
    expect(trace(String((call as { traceparent: string }).traceparent))).toBe(
      trace(context.traceparent),
    )
  })

  test('a person from outside does not reach what is internal', async () => {
    await using app = await open()

    const { things: outside } = createClients(app.caller, 'outside', { things })
    await expect(outside.add({ key: 'a', n: 1 }, startCall('outside'))).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('input of 500 kB passes both ways', async () => {
    await using app = await open()

    const text = 'ä'.repeat(250_000)
    expect((await app.client.echo({ text }, startCall('tester'))).text).toBe(text)
  })

  test('a bus that is ready says so, and not after its close', async () => {
    await using app = await open()

    expect([app.caller.ready(), app.worker.ready()]).toEqual([true, true])
    await app.caller.close()
    expect(app.caller.ready()).toBe(false)
    await expect(app.client.echo({ text: '' }, startCall('tester'))).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
}
