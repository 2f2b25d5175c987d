import type { Page } from 'playwright-core'
import type { ScreenShot } from './screen.ts'

async function choose(page: Page): Promise<void> {
  await page.goto('/people')
  await page.getByRole('list', { name: 'People' }).getByRole('link').first().click()
}

/** The directory, the card of a person, and the notification centre. */
export const peopleScreens: readonly ScreenShot[] = [
  { name: 'people', as: 'person', at: '/people', shows: 'ul[aria-label="People"] a' },
  { name: 'person', as: 'person', at: choose, shows: 'article dl' },
  {
    name: 'person-unknown',
    as: 'person',
    at: '/people/nobody',
    shows: 'text=There is nobody here',
  },
  {
    name: 'block',
    as: 'person',
    async at(page) {
      await choose(page)
      await page.getByRole('button', { name: 'Block', exact: true }).click()
    },
    shows: 'dialog',
  },
  {
    name: 'notifications-none',
    as: 'person',
    at: '/notifications',
    shows: 'text=Nothing has happened yet',
  },
]
