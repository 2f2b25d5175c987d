import type { Generated, Kysely, Transaction } from 'kysely'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { defineContract } from './contract.ts'
import { defineService, failuresOf, type ServiceDeps } from './service.ts'
import { eventually, temporaryFolder, testService } from './testing.ts'

const Note = z.object({ id: z.string(), ownerId: z.string(), text: z.string() })

const notes = defineContract({
  service: 'notes',
  summary: 'Notes for the tests of the kit',
  operations: {
    createNote: {
      summary: 'Write a note',
      http: 'POST /notes',
      access: 'member',
      input: z.strictObject({ text: z.string().min(1).max(20) }),
      output: Note,
      errors: { note_taken: 409 },
    },
    listNotes: {
      summary: 'List all notes',
      http: 'GET /notes',
      access: 'public',
      input: z.strictObject({}),
      output: z.object({ items: z.array(Note) }),
    },
    purge: {
      summary: 'Delete what a person wrote',
      access: 'internal',
      input: z.strictObject({ ownerId: z.string() }),
      output: z.object({}),
    },
  },
  events: {
    noteCreated: { summary: 'A note was written', schema: Note, key: 'ownerId' },
  },
})

const people = defineContract({
  service: 'people',
  summary: 'People for the tests of the kit',
  operations: {
    getPerson: {
      summary: 'One person',
      access: 'internal',
      input: z.strictObject({ id: z.string() }),
      output: z.object({ name: z.string() }),
    },
  },
  events: {
    personNamed: {
      summary: 'A person has a name',
      schema: z.object({ id: z.string(), name: z.string() }),
      key: 'id',
    },
  },
})

type Tables = { note: { position: Generated<number>; id: string; ownerId: string; text: string } }

const fail = failuresOf(notes)
let brokenNames = new Set<string>()

const notesService = defineService({
  contract: notes,
  uses: { people },
  listens: { people },
  migrations: {
    '001-init': {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable('note')
          .addColumn('position', 'integer', (c) => c.primaryKey())
          .addColumn('id', 'text', (c) => c.notNull())
          .addColumn('owner_id', 'text', (c) => c.notNull())
          .addColumn('text', 'text', (c) => c.notNull().unique())
          .execute()
      },
    },
  },
  create({ db, outbox, clients }: ServiceDeps<typeof notes, Tables, { people: typeof people }>) {
    return {
      handlers: {
        async createNote({ text }, call) {
          const { name } = await clients.people.getPerson({ id: call.actor.id }, call)
          const note = { id: crypto.randomUUID(), ownerId: call.actor.id, text: `${name}: ${text}` }
          await db.transaction().execute(async (tx) => {
            const rows = await tx
              .insertInto('note')
              .values(note)
              .onConflict((conflict) => conflict.column('text').doNothing())
              .returning('id')
              .execute()
            if (rows.length === 0) throw fail('note_taken')
            await outbox.add(tx, 'noteCreated', note, call)
          })
          return note
        },
        async listNotes() {
          return { items: await db.selectFrom('note').selectAll().orderBy('position').execute() }
        },
        async purge({ ownerId }) {
          await db.deleteFrom('note').where('ownerId', '=', ownerId).execute()
          return {}
        },
      },
      subscribers: {
        people: {
          async personNamed(tx: Transaction<Tables>, { id, name }) {
            if (brokenNames.has(name)) throw new Error(`${name} breaks it`)
            await tx
              .insertInto('note')
              .values({ id: crypto.randomUUID(), ownerId: id, text: name })
              .execute()
          },
        },
      },
    }
  },
})

const uses = { people: { getPerson: async () => ({ name: 'Ann' }) } }

test('an operation stores its change and announces it', async () => {
  await using service = await testService(notesService, { uses })

  const note = await service.as('ann').createNote({ text: 'milk' })

  expect(note).toEqual({ id: note.id, ownerId: 'ann', text: 'Ann: milk' })
  expect(await service.anonymous.listNotes({})).toEqual({ items: [note] })
  expect(await service.events()).toEqual([{ event: 'noteCreated', payload: note }])
})

test('a refused operation leaves nothing behind', async () => {
  await using service = await testService(notesService, { uses })
  await service.as('ann').createNote({ text: 'milk' })

  await expect(service.as('ann').createNote({ text: 'milk' })).rejects.toMatchObject({
    code: 'note_taken',
    status: 409,
  })
  expect(await service.events()).toHaveLength(1)
})

test('wrong input names each field', async () => {
  await using service = await testService(notesService, { uses })

  await expect(
    service.as('ann').createNote({ text: '', colour: 'red' } as never),
  ).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'text' }, { field: 'colour' }],
  })
})

test('text that not every database can hold is refused by name', async () => {
  await using service = await testService(notesService, { uses })

  await expect(service.as('ann').createNote({ text: 'a\0b' })).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'text' }],
  })
})

test('access is refused before the handler runs', async () => {
  await using service = await testService(notesService, { uses })

  await expect(service.anonymous.createNote({ text: 'a' })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(
    service.as('ann', { confirmed: false }).createNote({ text: 'a' }),
  ).rejects.toMatchObject({ code: 'email_unconfirmed' })
  await expect(service.as('ann').purge({ ownerId: 'bob' })).rejects.toMatchObject({
    code: 'not_found',
  })
  expect(await service.internally.purge({ ownerId: 'bob' })).toEqual({})
})

test('an unexpected error is hidden from the caller', async () => {
  await using service = await testService(notesService, {
    uses: { people: { getPerson: async () => Promise.reject(new Error('secret detail')) } },
  })

  await expect(service.as('ann').createNote({ text: 'a' })).rejects.toMatchObject({
    code: 'internal',
    message: 'Something went wrong on our side.',
  })
})

test('an event that arrives twice has one effect', async () => {
  await using service = await testService(notesService, { uses })

  await service.announce(people, 'personNamed', { id: 'ann', name: 'Ann' })

  expect((await service.anonymous.listNotes({})).items).toHaveLength(1)
})

test('a failing event parks its own key and is had in order once it works', async () => {
  await using service = await testService(notesService, {
    uses,
    retryDelaysMs: [10, 10, 10, 10_000],
  })
  brokenNames = new Set(['bad'])

  await service.announce(people, 'personNamed', { id: 'ann', name: 'bad' })
  await service.announce(people, 'personNamed', { id: 'ann', name: 'later' })
  await service.announce(people, 'personNamed', { id: 'bob', name: 'other' })

  const texts = async () => (await service.anonymous.listNotes({})).items.map(({ text }) => text)
  expect(await texts()).toEqual(['other'])
  brokenNames = new Set()
  expect(await eventually(texts, (seen) => seen.length === 3)).toEqual(['other', 'bad', 'later'])
})

test('an event that keeps failing is dead after its last attempt, its key goes on, and a redrive has it', async () => {
  await using service = await testService(notesService, { uses, retryDelaysMs: [1, 1] })
  brokenNames = new Set(['bad'])

  await service.announce(people, 'personNamed', { id: 'ann', name: 'bad' })
  await service.announce(people, 'personNamed', { id: 'ann', name: 'later' })

  const texts = async () => (await service.anonymous.listNotes({})).items.map(({ text }) => text)
  await eventually(texts, (seen) => seen.includes('later'))
  const [dead] = await service.parked.listParked(10)
  expect(dead).toMatchObject({ state: 'dead', record: { payload: { name: 'bad' } } })
  expect(dead?.cause).toContain('bad breaks it')
  brokenNames = new Set()
  expect(await service.parked.redrive()).toBe(1)
  expect(await texts()).toEqual(['later', 'bad'])
  expect(await service.parked.listParked(10)).toEqual([])
})

test('what was stored is there after the service is opened again', async () => {
  using folder = temporaryFolder()
  {
    await using service = await testService(notesService, { uses, folder: folder.path })
    await service.as('ann').createNote({ text: 'milk' })
  }
  await using service = await testService(notesService, { uses, folder: folder.path })
  expect((await service.anonymous.listNotes({})).items).toHaveLength(1)
})
