import { setTimeout as wait } from 'node:timers/promises'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { alternate, atLeast, atMost, comparedFigure, plainFigure, type Row } from '../lib/figure.ts'
import { type CallResult, callsAtOnce, callsPerSecond, loadCalls } from './call-load.ts'
import { notes, text } from './contract.ts'
import { forkWorker } from './fork.ts'
import { measureNest } from './nest.ts'
import { connectBus, createPlace } from './place.ts'

type Trial = CallResult & { readyMs: number; firstAnswerMs: number }

export const calls: Row = {
  id: 'P12',
  title: 'Request-reply over Kafka: validation, headers, deadline, service token, trace',
  async measure({ trials, seconds }) {
    const results = await alternate(
      trials,
      () => measureStoa(seconds),
      () => measureNest<CallResult & { firstAnswerMs: number }>('calls', seconds),
    )
    const base = {
      row: 'P12',
      trials: results,
      conditions: {
        broker: 'Kafka, one node, on the same machine',
        acks: 1,
        payload: '200 bytes',
        reference:
          'NestJS ClientKafka and MessagePattern on kafkajs: the same answer, nothing checked on the way',
      },
    }
    const nameOf = 'NestJS ClientKafka'
    return [
      plainFigure({
        ...base,
        name: `median at ${callsPerSecond}/s`,
        unit: 'ms',
        stoa: ({ stoa }) => stoa.steady.p50,
        target: atMost(2.5),
      }),
      plainFigure({
        ...base,
        name: `99th percentile at ${callsPerSecond}/s`,
        unit: 'ms',
        stoa: ({ stoa }) => stoa.steady.p99,
        target: atMost(15),
      }),
      plainFigure({
        ...base,
        name: `with ${callsAtOnce} in flight`,
        unit: '/s',
        stoa: ({ stoa }) => stoa.rate,
        target: atLeast(20_000),
      }),
      comparedFigure({
        ...base,
        name: `with ${callsAtOnce} in flight, beside NestJS`,
        unit: '/s',
        stoa: ({ stoa }) => stoa.rate,
        reference: { name: nameOf, value: ({ reference }) => reference.rate },
        target: atLeast(8),
      }),
      comparedFigure({
        ...base,
        name: `median at ${callsPerSecond}/s, beside NestJS`,
        unit: 'ms',
        stoa: ({ stoa }) => stoa.steady.p50,
        reference: { name: nameOf, value: ({ reference }) => reference.steady.p50 },
        target: atMost(0.125),
      }),
      comparedFigure({
        ...base,
        name: `99th percentile at ${callsPerSecond}/s, beside NestJS`,
        unit: 'ms',
        stoa: ({ stoa }) => stoa.steady.p99,
        reference: { name: nameOf, value: ({ reference }) => reference.steady.p99 },
      }),
      comparedFigure({
        ...base,
        name: 'CPU of both ends per call',
        unit: 'µs',
        stoa: ({ stoa }) => stoa.cpuMicroseconds,
        reference: { name: nameOf, value: ({ reference }) => reference.cpuMicroseconds },
      }),
      plainFigure({
        ...base,
        name: 'ready after',
        unit: 'ms',
        stoa: ({ stoa }) => stoa.readyMs,
        target: atMost(100),
      }),
      comparedFigure({
        ...base,
        name: 'first answer after',
        unit: 'ms',
        stoa: ({ stoa }) => stoa.firstAnswerMs,
        reference: { name: nameOf, value: ({ reference }) => reference.firstAnswerMs },
      }),
    ]
  },
}

async function measureStoa(seconds: number): Promise<Trial> {
  await using place = await createPlace('sqlite')
  await using worker = await forkWorker(place, 'answers')
  const started = performance.now()
  const bus = connectBus(place, 'caller')
  while (!bus.ready()) await wait(1)
  const readyMs = performance.now() - started
  const { notes: client } = createClients(bus, 'bench', { notes })
  let counter = 0

  async function ask(): Promise<void> {
    const id = `note-${counter++}`
    const answer = await client.echo({ id, text, at: counter }, startCall('bench'))
    if (answer.id !== id) throw new Error('The answer to another call')
  }

  await ask()
  const firstAnswerMs = performance.now() - started
  const result = await loadCalls(ask, seconds, [process.pid, worker.pid])
  await bus.close()
  return { ...result, readyMs, firstAnswerMs }
}
