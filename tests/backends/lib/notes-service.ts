import type { Kysely, Transaction } from 'kysely'
import { defineContract } from '../../../kit/contract.ts'
import { defineService, type ServiceDeps } from '../../../kit/service.ts'
import { things } from './suite-contract.ts'

/** What listens to `things` in the suite. */
export const notes = defineContract({
  service: 'notes',
  summary: 'What was heard of things',
  operations: {},
  entrances: things.entrances,
})

export type NoteTables = { note: { position: number; event: string; key: string; n: number } }

/** A service that writes down what it hears, and fails at the numbers in `poison`. */
export function createNotesService(poison: ReadonlySet<number>) {
  return defineService({
    contract: notes,
    listens: { things },
    migrations: {
      '001-init': {
        async up(db: Kysely<unknown>) {
          await db.schema
            .createTable('note')
            .addColumn('position', 'integer', (c) => c.primaryKey())
            .addColumn('event', 'text', (c) => c.notNull())
            .addColumn('key', 'text', (c) => c.notNull())
            .addColumn('n', 'integer', (c) => c.notNull())
            .execute()
        },
      },
    },
    create(_: ServiceDeps<typeof notes, NoteTables>) {
      const write =
        (event: string) =>
        async (tx: Transaction<NoteTables>, { key, n }: { key: string; n: number }) => {
          await tx
            .insertInto('note')
            .values({ event, key, n } as never)
            .execute()
          if (poison.has(n)) throw new Error(`${n} is poison`)
        }
      return {
        handlers: {},
        subscribers: {
          things: { happened: write('happened'), ended: write('ended') },
          entrances: { 'raw-thing': write('raw-thing') },
        },
      }
    },
  })
}
