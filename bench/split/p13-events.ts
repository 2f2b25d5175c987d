import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { startCall } from '../../kit/context.ts'
import { migrate } from '../../kit/db/migrate.ts'
import type { KitTables } from '../../kit/db/tables.ts'
import { createOutbox, createOutboxLog } from '../../kit/outbox.ts'
import { alternate, atLeast, atMost, comparedFigure, plainFigure, type Row } from '../lib/figure.ts'
import { notes } from './contract.ts'
import {
  type EventResult,
  eventKeys,
  eventsPerSecond,
  loadEvents,
  type Note,
  type Seen,
} from './event-load.ts'
import { forkWorker } from './fork.ts'
import { measureNest } from './nest.ts'
import { connectBus, createPlace, openStores, type Place } from './place.ts'

type Trial = { postgres: EventResult; sqlite: EventResult }

export const events: Row = {
  id: 'P13',
  title: 'From the outbox over Kafka to the effect in another process',
  async measure({ trials, seconds }) {
    const results = await alternate(
      trials,
      async (): Promise<Trial> => ({
        postgres: await measureStoa('postgres', seconds),
        sqlite: await measureStoa('sqlite', seconds),
      }),
      () => measureNest<EventResult>('emits', seconds),
    )
    const nameOf = 'NestJS emit'
    return (['postgres', 'sqlite'] as const).flatMap((store) => {
      const base = {
        row: 'P13',
        trials: results,
        conditions: {
          broker: 'Kafka, one node, acks=all',
          store,
          payload: '200 bytes',
          keys: eventKeys,
          reference:
            'NestJS emit and EventPattern: nothing is stored on either side, so an event can be lost between change and broker, or have its effect twice',
        },
      }
      return [
        plainFigure({
          ...base,
          name: `median at ${eventsPerSecond}/s, ${store}`,
          unit: 'ms',
          stoa: ({ stoa }) => stoa[store].steady.p50,
          target: atMost(5),
        }),
        plainFigure({
          ...base,
          name: `99th percentile at ${eventsPerSecond}/s, ${store}`,
          unit: 'ms',
          stoa: ({ stoa }) => stoa[store].steady.p99,
          target: atMost(30),
        }),
        plainFigure({
          ...base,
          name: `sustained, ${store}`,
          unit: 'events/s',
          stoa: ({ stoa }) => stoa[store].rate,
          target: atLeast(5_000),
        }),
        comparedFigure({
          ...base,
          name: `median at ${eventsPerSecond}/s, ${store}, beside NestJS`,
          unit: 'ms',
          stoa: ({ stoa }) => stoa[store].steady.p50,
          reference: { name: nameOf, value: ({ reference }) => reference.steady.p50 },
        }),
        comparedFigure({
          ...base,
          name: `sustained, ${store}, beside NestJS`,
          unit: 'events/s',
          stoa: ({ stoa }) => stoa[store].rate,
          reference: { name: nameOf, value: ({ reference }) => reference.rate },
        }),
      ]
    })
  },
}

async function measureStoa(store: Place['store'], seconds: number): Promise<EventResult> {
  await using place = await createPlace(store)
  await using worker = await forkWorker(place, 'listens')
  const stores = openStores(place)
  const writer = await stores.open<KitTables>('writer')
  await migrate(writer.db, {})
  const bus = connectBus(place, 'writer')
  while (!bus.ready()) await wait(1)
  await bus.relay(createOutboxLog(notes, writer))
  const outbox = createOutbox(notes)
  const call = startCall('bench')

  async function write(note: Note): Promise<void> {
    await (writer.db as Kysely<KitTables>).transaction().execute(async (tx) => {
      await outbox.add(tx, 'written', { ...note, at: Date.now() }, call)
    })
  }

  const look = async () => (await worker.ask('report')) as Seen
  const result = await loadEvents(write, look, seconds)
  await bus.close()
  await writer.close()
  await stores.close()
  if (result.disordered > 0) throw new Error(`${result.disordered} events came out of order`)
  return result
}
