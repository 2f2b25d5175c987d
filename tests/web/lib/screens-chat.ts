import type { Page } from 'playwright-core'
import { createClient, memoryTokens, type StoaClient } from '../../../client/index.ts'
import { composer, messageOf, openConversation, rowOf, say } from './chat.ts'
import type { ScreenShot } from './screen.ts'
import { password } from './site.ts'

const people = {
  maya: 'Maya Okafor',
  jonas: 'Jonas Lindqvist',
  leila: 'ليلى حداد',
} as const

async function enter(url: string, username: string): Promise<StoaClient> {
  const client = createClient({ url, tokens: memoryTokens() })
  try {
    await client.api.accounts.login({ identifier: username, password })
  } catch {
    const email = `${username}@example.org`
    await client.api.accounts.register({ username, email, password, termsAccepted: true })
    const displayName = people[username as keyof typeof people]
    await client.api.users.updateMe({ displayName })
  }
  return client
}

/** Lets a few people talk, once in each installation; the conversations by name. */
async function stage(page: Page): Promise<{ garden: string; maya: string; empty: string }> {
  const url = new URL(page.url()).origin
  const admin = await enter(url, 'admin')
  const { items } = await admin.api.chat.listConversations({ limit: 100 })
  const known = (name: string) =>
    items.find((one) => one.name === name || one.person?.displayName === name)?.id
  const garden = known('Garden club')
  const direct = known(people.maya)
  const quiet = known(people.leila)
  if (garden && direct && quiet) return { garden, maya: direct, empty: quiet }

  const [maya, jonas, leila] = [
    await enter(url, 'maya'),
    await enter(url, 'jonas'),
    await enter(url, 'leila'),
  ]
  const idOf = (client: StoaClient) => client.user()?.id ?? ''
  const empty = await admin.api.chat.openDirect({ userId: idOf(leila) })
  const muted = await jonas.api.chat.createGroup({
    name: 'Announcements of the neighbourhood association',
    participantIds: [idOf(admin)],
  })
  await say(jonas, muted.id, 'The street is closed on Saturday.')
  await admin.api.chat.muteConversation({ conversationId: muted.id, muted: true })
  const one = await admin.api.chat.openDirect({ userId: idOf(maya) })
  await say(maya, one.id, 'Did you see the tulips?')
  await say(admin, one.id, 'Not yet. On my way!')

  const group = await admin.api.chat.createGroup({
    name: 'Garden club',
    description: 'Beds, seeds and whose turn it is to water.',
    participantIds: [idOf(maya), idOf(jonas), idOf(leila)],
  })
  const { id } = group
  await say(maya, id, 'Good morning! Who can water **tomorrow**? The list:\n- tomatoes\n- herbs')
  const asked = await say(jonas, id, 'I can, until `18:00`. See https://example.org/weather')
  await admin.api.chat.addReaction({ messageId: asked.id, emoji: '👍' })
  await maya.api.chat.addReaction({ messageId: asked.id, emoji: '👍' })
  await maya.api.chat.addReaction({ messageId: asked.id, emoji: '🌱' }).catch(() => undefined)
  await say(admin, id, 'Thank you, I will bring the seeds.', asked.id)
  await say(admin, id, '> sow after the last frost\n\nThat is what the packet says.')
  await say(leila, id, 'صباح الخير جميعاً')
  const pinned = await say(maya, id, 'The key hangs behind the blue door.')
  await admin.api.chat.pinMessage({ conversationId: id, messageId: pinned.id })
  const wrong = await say(jonas, id, 'Oops')
  await jonas.api.chat.deleteMessage({ messageId: wrong.id })
  await admin.api.chat.markRead({ conversationId: id, seq: 7 })
  await say(leila, id, `@[admin](${idOf(admin)}) is the gate open at nine?`)
  await say(maya, one.id, 'They are *wonderful* this year 🌷')
  return { garden: id, maya: one.id, empty: empty.id }
}

async function openGarden(page: Page): Promise<void> {
  const { garden } = await stage(page)
  await openConversation(page, garden)
  await messageOf(page, 'is the gate open').waitFor()
}

/** Conversations; as the admin, so that Ana has none and is told of nothing. */
export const chatScreens: readonly ScreenShot[] = [
  {
    name: 'conversations',
    as: 'admin',
    async at(page) {
      await stage(page)
      await page.goto('/conversations')
      await rowOf(page, 'Garden club').waitFor()
    },
    shows: 'h1',
  },
  { name: 'conversations-none', as: 'person', at: '/conversations', shows: 'text=No conv' },
  { name: 'conversation', as: 'admin', at: openGarden, shows: '[role=log] article' },
  {
    name: 'conversation-empty',
    as: 'admin',
    at: async (page) => openConversation(page, (await stage(page)).empty),
    shows: 'text=This is where',
  },
  {
    name: 'conversation-gone',
    as: 'admin',
    at: '/conversations/nowhere',
    shows: 'text=This conversation is not open to you',
  },
  {
    name: 'conversation-details',
    as: 'admin',
    async at(page) {
      const { garden } = await stage(page)
      await page.goto(`/conversations/${garden}?panel=details`)
      await page.getByText('4 members').last().waitFor()
    },
    shows: 'text=Jonas Lindqvist',
  },
  {
    name: 'conversation-tools',
    as: 'admin',
    async at(page) {
      await openGarden(page)
      await messageOf(page, 'I will bring the seeds').focus()
      await page.getByRole('button', { name: 'More', exact: true }).first().click()
    },
    shows: '[role=menuitem]',
  },
  {
    name: 'conversation-reply',
    as: 'admin',
    async at(page) {
      await openGarden(page)
      await messageOf(page, 'is the gate open').focus()
      await page.keyboard.press('r')
      await composer(page).pressSequentially('Ask @jo')
    },
    shows: '[role=option]',
  },
  {
    name: 'conversation-emoji',
    as: 'admin',
    async at(page) {
      await openGarden(page)
      await composer(page).fill('')
      await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    },
    shows: 'input[type=search]',
  },
  {
    name: 'conversation-delete',
    as: 'admin',
    async at(page) {
      await openGarden(page)
      await messageOf(page, 'I will bring the seeds').focus()
      await page.keyboard.press('Delete')
    },
    shows: 'dialog',
  },
  {
    name: 'conversation-new',
    as: 'admin',
    async at(page) {
      await stage(page)
      await page.goto('/conversations')
      await page.getByRole('button', { name: 'New conversation' }).click()
      for (const name of ['Maya', 'Jonas']) {
        await page.getByRole('dialog').getByRole('button', { name }).first().click()
      }
    },
    shows: 'text=Name of the group',
  },
  {
    name: 'conversation-search',
    as: 'admin',
    async at(page) {
      await stage(page)
      await page.goto('/conversations')
      await page.getByRole('textbox', { name: 'Search messages' }).fill('the')
    },
    shows: 'mark',
  },
]
