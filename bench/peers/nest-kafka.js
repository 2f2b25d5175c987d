// NestJS over Kafka: a microservice that answers or listens, and a client that calls or emits, each
// by the means that NestJS offers for it. It speaks to whoever started it as bench/split/worker.ts
// does. Decorators are functions, and are called here as a compiler would.
import 'reflect-metadata'
import { setTimeout as wait } from 'node:timers/promises'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientKafka, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices'
import { lastValueFrom } from 'rxjs'
import { loadCalls } from '../split/call-load.ts'
import { text } from '../split/contract.ts'
import { loadEvents } from '../split/event-load.ts'
import { forkWorker } from '../split/fork.ts'
import { nestProgram } from '../split/nest.ts'
import { brokers } from '../split/place.ts'

const { role, ...place } = JSON.parse(process.argv[2])
const topic = `${place.prefix}notes`
const options = {
  client: { clientId: `bench-${role}`, brokers: [brokers], logLevel: 0 },
  consumer: { groupId: `${place.prefix}nest` },
  // As the other side has it: answers may be lost with a broker, events may not.
  send: { acks: role === 'calls' || role === 'answers' ? 1 : -1 },
}

if (role === 'answers' || role === 'listens') await serve()
else await load()

async function serve() {
  const latencies = []
  const last = new Map()
  let disordered = 0

  class Notes {
    echo(note) {
      return note
    }

    written({ key, n, at }) {
      if (n <= (last.get(key) ?? 0)) disordered += 1
      last.set(key, n)
      latencies.push(Date.now() - at)
    }
  }
  if (role === 'answers') decorate(Notes.prototype, 'echo', MessagePattern(topic))
  else decorate(Notes.prototype, 'written', EventPattern(topic))
  Controller()(Notes)
  class App {}
  Module({ controllers: [Notes] })(App)

  const transport = Transport.KAFKA
  const app = await NestFactory.createMicroservice(App, { transport, options, logger: false })
  await app.listen()
  process.on('message', () => process.send({ latencies, disordered }))
  process.once('disconnect', () => app.close())
  process.send('ready')
}

async function load() {
  // Whoever asked has ended, and nobody else ends this.
  process.once('disconnect', () => process.exit())
  await using other = await forkWorker(place, role === 'calls' ? 'answers' : 'listens', nestProgram)
  process.send('ready')
  const seconds = await new Promise((resolve) => process.once('message', resolve))
  const started = performance.now()
  const client = new ClientKafka(options)
  if (role === 'calls') client.subscribeToResponseOf(topic)
  await client.connect()
  const result = await (role === 'calls' ? call : emit)(client, other, Number(seconds), started)
  await client.close()
  process.send(result)
}

async function call(client, other, seconds, started) {
  let counter = 0

  async function ask() {
    const id = `note-${counter++}`
    const answer = await lastValueFrom(client.send(topic, { id, text, at: counter }))
    if (answer.id !== id) throw new Error('The answer to another call')
  }

  // A call before the client has its partitions is refused.
  while (!(await ask().then(() => true, () => false))) await wait(5)
  const firstAnswerMs = performance.now() - started
  const result = await loadCalls(ask, seconds, [process.pid, other.pid])
  return { ...result, firstAnswerMs }
}

async function emit(client, other, seconds) {
  const write = (note) => lastValueFrom(client.emit(topic, { key: note.key, value: note }))
  return await loadEvents(write, () => other.ask('report'), seconds)
}

function decorate(prototype, name, decorator) {
  decorator(prototype, name, Object.getOwnPropertyDescriptor(prototype, name))
  Payload()(prototype, name, 0)
}
