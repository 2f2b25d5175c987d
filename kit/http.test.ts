import { expect, test } from 'vitest'
import * as z from 'zod'
import { defineContract } from './contract.ts'
import { bindingsOf, createInputReader, type RequestParts } from './http.ts'

const shop = defineContract({
  service: 'shop',
  summary: 'For the tests of the bindings',
  operations: {
    listThings: {
      summary: 'List',
      http: 'GET /shelves/{shelf}/things',
      access: 'public',
      input: z.strictObject({
        shelf: z.int(),
        limit: z.int().default(20),
        price: z.number().optional(),
        sold: z.boolean().optional(),
        name: z.string().optional(),
        ids: z.array(z.int()).optional(),
        colours: z.array(z.enum(['red', 'blue'])).optional(),
        mixed: z.union([z.string(), z.int()]).optional(),
      }),
      output: z.object({}),
    },
    createThing: {
      summary: 'Create',
      http: 'POST /things',
      access: 'public',
      input: z.strictObject({ name: z.string() }),
      output: z.object({}),
    },
    changeThing: {
      summary: 'Change',
      http: 'PATCH /things/{id}',
      access: 'public',
      input: z.strictObject({ id: z.string(), name: z.string().optional() }),
      output: z.object({}),
    },
    countThings: {
      summary: 'Only for other services',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
  },
})

const bindings = bindingsOf([shop])

function read(name: string, parts: Partial<RequestParts>) {
  const binding = bindings.find((candidate) => candidate.name === name)
  if (!binding) throw new Error(`no ${name}`)
  return createInputReader(binding)({ params: {}, query: {}, body: undefined, ...parts })
}

test('only operations with an address are bound', () => {
  expect(
    bindings.map(({ name, method, path, read: reads }) => [name, method, path, reads]),
  ).toEqual([
    ['listThings', 'GET', '/shelves/{shelf}/things', true],
    ['createThing', 'POST', '/things', false],
    ['changeThing', 'PATCH', '/things/{id}', false],
  ])
})

test('two operations cannot have one address', () => {
  const again = defineContract({
    service: 'again',
    summary: 'The same address by other names',
    operations: {
      other: {
        ...shop.operations.changeThing,
        http: 'PATCH /things/{thing}',
        input: z.strictObject({ thing: z.string() }),
      },
    },
  })

  expect(() => bindingsOf([shop, again])).toThrow('again.other: PATCH /things/{} is taken')
})

test('query and path text takes the type of its field', () => {
  const input = read('listThings', {
    params: { shelf: '7' },
    query: {
      limit: '5',
      price: '1.5e2',
      sold: 'false',
      name: '12',
      mixed: '12',
      ids: '1',
      colours: ['red', 'blue'],
    },
  })

  expect(input).toEqual({
    shelf: 7,
    limit: 5,
    price: 150,
    sold: false,
    name: '12',
    mixed: '12',
    ids: [1],
    colours: ['red', 'blue'],
  })
})

test.each(['five', '', '0x10', '1e', ' 1', '01', 'Infinity', 'NaN'])(
  'the literal "%s" is no number and stays text for validation to refuse',
  (limit) => {
    expect(read('listThings', { params: { shelf: '1' }, query: { limit } })).toEqual({
      shelf: 1,
      limit,
    })
  },
)

test('a field given twice stays a list unless it is one', () => {
  const query = { limit: ['1', '2'], ids: ['1', '2'] }

  expect(read('listThings', { params: { shelf: '1' }, query })).toEqual({
    shelf: 1,
    limit: ['1', '2'],
    ids: [1, 2],
  })
})

test('a field of the path cannot be given again', () => {
  expect(() => read('listThings', { params: { shelf: '1' }, query: { shelf: '2' } })).toThrow(
    'shelf: This field is given by the path.',
  )
  expect(() => read('changeThing', { params: { id: 'a' }, body: { id: 'b' } })).toThrow(
    'id: This field is given by the path.',
  )
})

test('a body must be an object, and an absent one is empty', () => {
  expect(read('createThing', { body: { name: 'x' } })).toEqual({ name: 'x' })
  expect(read('createThing', {})).toEqual({})
  for (const body of [[], 'text', 1, null, true]) {
    expect(() => read('createThing', { body })).toThrow('The body must be a JSON object.')
  }
})

test('an operation with a body takes nothing from the query', () => {
  expect(() => read('createThing', { query: { name: 'x' }, body: {} })).toThrow(/takes nothing/)
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'the query field %s is refused by name',
  (field) => {
    const query = Object.assign(Object.create(null), JSON.parse(`{"${field}":"x"}`))

    expect(() => read('listThings', { params: { shelf: '1' }, query })).toThrow(
      `${field}: There is`,
    )
  },
)
