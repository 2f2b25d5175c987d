import type { Locator, Page } from 'playwright-core'
import { createClient, memoryTokens, type StoaClient } from '../../../client/index.ts'
import { password, type Site } from './site.ts'

/** Somebody who acts without a browser: quickly, and at the very moment that a test needs. */
export async function botOf(site: Site, username: string): Promise<StoaClient> {
  const client = createClient({ url: site.url, tokens: memoryTokens() })
  await client.api.accounts.login({ identifier: username, password })
  return client
}

/** Signs somebody up who needs no browser at all. */
export async function newBot(site: Site, username: string): Promise<StoaClient & { id: string }> {
  const client = createClient({ url: site.url, tokens: memoryTokens() })
  const { user } = await client.api.accounts.register({
    username,
    email: `${username}@example.org`,
    password,
    termsAccepted: true,
  })
  return { ...client, id: user.id }
}

/** Says something and waits until it is stored. */
export function say(client: StoaClient, conversationId: string, content: string, replyTo?: string) {
  return client.api.chat.sendMessage({
    uuid: crypto.randomUUID(),
    conversationId,
    content,
    ...(replyTo !== undefined && { replyTo }),
  })
}

/** The messages of the open conversation. */
export function log(page: Page): Locator {
  return page.getByRole('log')
}

/** The message that says something. */
export function messageOf(page: Page, text: string): Locator {
  return log(page).locator('article').filter({ hasText: text })
}

export function composer(page: Page): Locator {
  return page.getByRole('textbox', { name: /^(Write to|Escribe a)/ })
}

/** Writes a message into the composer and sends it. */
export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

export async function openConversation(page: Page, conversationId: string): Promise<void> {
  await page.goto(`/conversations/${conversationId}`)
  // An empty one is there, but not to be seen.
  await log(page).waitFor({ state: 'attached' })
}

/** The row of a conversation in the list. */
export function rowOf(page: Page, name: string): Locator {
  return page
    .getByRole('list', { name: /^(Conversations|Chats)$/ })
    .getByRole('link')
    .filter({ hasText: name })
}
