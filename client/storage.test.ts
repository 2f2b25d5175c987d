import { expect, test } from 'vitest'
import { browserAttempt, browserOutbox, type KeyValueStore, type OutboxEntry } from './storage.ts'

function createStore(given: Record<string, string> = {}): KeyValueStore {
  const items = new Map(Object.entries(given))
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

const entry: OutboxEntry = {
  uuid: 'one',
  userId: 'ann',
  draft: { uuid: 'one', conversationId: 'c', content: 'Hello' },
  createdAt: 1,
  state: 'sending',
}

test('a browser keeps unsent messages until they are removed', async () => {
  const store = createStore({ other: 'not ours' })
  await browserOutbox(store).save(entry)

  expect(await browserOutbox(store).load()).toEqual([entry])
  await browserOutbox(store).remove('one')
  expect(await browserOutbox(store).load()).toEqual([])
  expect(store.getItem('other')).toBe('not ours')
})

test('what is no entry does not keep the others back', async () => {
  const store = createStore({
    'stoa.outbox.cut': '{"uuid":"cut","user',
    'stoa.outbox.null': 'null',
    'stoa.outbox.odd': JSON.stringify({ ...entry, uuid: 'odd', state: 'flying' }),
    'stoa.outbox.one': JSON.stringify(entry),
  })

  expect(await browserOutbox(store).load()).toEqual([entry])
})

test('a browser keeps the id of an exchange through a reload, and does without where it is full', () => {
  const store = createStore()
  browserAttempt(store).write('one')
  expect(browserAttempt(store).read()).toBe('one')
  browserAttempt(store).write(undefined)
  expect(browserAttempt(store).read()).toBe(undefined)

  const full = {
    ...createStore(),
    setItem() {
      throw new DOMException('full', 'QuotaExceededError')
    },
  }
  browserAttempt(full).write('one')
  expect(browserAttempt(full).read()).toBe(undefined)
})
