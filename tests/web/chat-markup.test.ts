import { expect, test } from 'vitest'
import { joinMessages, withChange } from '../../web/conversations/changes.ts'
import { emojiGroups } from '../../web/conversations/emoji.ts'
import { readMarkup } from '../../web/conversations/markup.ts'
import { mentionAt, mentionOf, withIds, withoutIds } from '../../web/conversations/mentions.ts'
import type { Message } from '../../web/conversations/shapes.ts'

const text = (value: string) => ({ kind: 'text', text: value })
const paragraph = (...children: unknown[]) => ({ kind: 'paragraph', children })

test('marks of Markdown become what they mean, and what only looks like them stays', () => {
  expect(readMarkup('a **b _c_** `d*e*`')).toEqual([
    paragraph(
      text('a '),
      { kind: 'strong', children: [text('b '), { kind: 'emphasis', children: [text('c')] }] },
      text(' '),
      { kind: 'code', text: 'd*e*' },
    ),
  ])
  for (const plain of ['2 * 3 * 4', 'snake_case_name', '** no **', '*', '`', 'a\\']) {
    expect(readMarkup(plain)).toEqual([paragraph(text(plain))])
  }
})

test('code, quotes and lists are blocks of their own', () => {
  expect(readMarkup('> said\n> so\n\n- one\n  - two\n\n```ts\nlet *a*\n```')).toEqual([
    { kind: 'quote', blocks: [paragraph(text('said\nso'))] },
    {
      kind: 'list',
      start: undefined,
      items: [
        { level: 0, children: [text('one')] },
        { level: 1, children: [text('two')] },
      ],
    },
    { kind: 'code', text: 'let *a*' },
  ])
  expect(readMarkup('3. three')).toMatchObject([{ kind: 'list', start: 3 }])
})

test('only addresses of the web become links, and HTML is text', () => {
  const linkOf = (given: string) => JSON.stringify(readMarkup(given)).match(/"href":"([^"]*)"/)?.[1]
  expect(linkOf('see https://a.example/x_(y)).')).toBe('https://a.example/x_(y)')
  expect(linkOf('[here](https://a.example/)')).toBe('https://a.example/')
  for (const given of [
    '[x](javascript:alert(1))',
    'data:text/html,x',
    'https://user@evil.example',
  ]) {
    expect(linkOf(given)).toBeUndefined()
  }
  const html = '<img src=x onerror=alert(1)>'
  expect(readMarkup(html)).toEqual([paragraph(text(html))])
})

test.each([
  '>'.repeat(10_000),
  '> - '.repeat(2_500),
  '*a_'.repeat(3_300),
  '_a_'.repeat(3_300),
  '['.repeat(10_000),
  '`a'.repeat(5_000),
  '```\n'.repeat(2_500),
  '**a*b'.repeat(2_000),
  `http://a${')'.repeat(9_900)}`,
])('ten thousand hostile characters take no time: %.12s…', (given) => {
  const begin = performance.now()
  readMarkup(given)
  expect(performance.now() - begin).toBeLessThan(500)
})

test('a mention is written by name and sent by id', () => {
  const ana = { id: 'a1', username: 'ana', displayName: 'Ana', avatar: null, blocked: false }
  const other = { ...ana, id: 'a2', username: 'ana2' }
  const mentions = { '@Ana': 'a1', '@Ana María': 'a3' }
  expect(mentionOf(ana, {})).toBe('@Ana')
  expect(mentionOf(other, mentions)).toBe('@ana2')
  const sent = withIds('@Ana, @Ana María and @Anabel', mentions)
  expect(sent).toBe('@[Ana](a1), @[Ana María](a3) and @Anabel')
  expect(withoutIds(sent)).toEqual({ text: '@Ana, @Ana María and @Anabel', mentions })
  expect(mentionAt('hi @an', 6)).toEqual({ start: 3, word: 'an' })
  expect(mentionAt('mail@an', 7)).toBeUndefined()
})

function message(seq: number, version = seq): Message {
  return {
    id: `m${seq}`,
    uuid: `u${seq}`,
    conversationId: 'c',
    seq,
    version,
    senderId: 's',
    content: `${seq}/${version}`,
    replyTo: null,
    reactions: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    editedAt: null,
    deletedAt: null,
  }
}

test('of two states of a message the later one stays, whichever comes first', () => {
  const held = [message(1), message(2, 9), message(3)]
  expect(joinMessages(held, [message(2, 5), message(3, 7), message(4)])).toEqual([
    message(1),
    message(2, 9),
    message(3, 7),
    message(4),
  ])
  const late = { messageId: 'm2', version: 8, apply: () => message(2, 8) }
  expect(withChange(held, late)).toBe(held)
  expect(joinMessages(held, [message(9)])).toBeUndefined()
})

test('every emoji of the picker is one that the server takes, and has words in both languages', () => {
  const all = emojiGroups.flatMap(({ emoji }) => emoji)
  expect(all.length).toBeGreaterThan(200)
  expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length)
  for (const { emoji, en, es } of all) {
    expect(emoji).toMatch(/^\p{RGI_Emoji}$/v)
    expect(en && es).toBeTruthy()
  }
})
