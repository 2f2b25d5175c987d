import type { Page } from 'playwright-core'
import type { ScreenShot } from './screen.ts'
import { password } from './site.ts'

async function press(page: Page, key: string): Promise<void> {
  await page.goto('/settings')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.keyboard.press(key)
}

async function signUp(page: Page): Promise<void> {
  await page.goto('/sign-up')
  await page.getByLabel('Username').fill('x')
  await page.getByLabel('E-mail address').fill('nobody')
  await page.getByLabel('Password', { exact: true }).fill('qwertz1')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByLabel('I accept the rules of this site').check()
  await page.getByText('Very weak').waitFor()
  await page.getByRole('button', { name: 'Create account' }).click()
}

async function signInWrong(page: Page): Promise<void> {
  await page.goto('/sign-in?next=%2Fpeople')
  await page.getByLabel('E-mail address or username').fill('ana')
  await page.getByLabel('Password', { exact: true }).fill('not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function setUp(page: Page): Promise<void> {
  await page.goto('/setup')
  await page.getByLabel('Name of the site').fill('The Painted Porch')
  await page.getByLabel('Username').fill('zeno')
  await page.getByLabel('E-mail address').fill('zeno@example.org')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('button', { name: 'Send a test mail' }).click()
}

async function openMenu(page: Page): Promise<void> {
  await page.goto('/settings')
  await page.getByRole('button', { name: /^You: / }).click()
}

/** What stands around every screen, and the ways in. */
export const frameScreens: readonly ScreenShot[] = [
  { name: 'welcome', as: 'visitor', at: '/', shows: 'text=Welcome to Agora' },
  { name: 'sign-in', as: 'visitor', at: '/sign-in', shows: 'text=New here?' },
  { name: 'sign-in-wrong', as: 'visitor', at: signInWrong, shows: '[role=alert]:not([hidden])' },
  { name: 'sign-up', as: 'visitor', at: '/sign-up', shows: 'text=Join Agora' },
  { name: 'sign-up-wrong', as: 'visitor', at: signUp, shows: 'text=An address like' },
  {
    name: 'confirm-email-failed',
    as: 'visitor',
    at: '/confirm-email#token=unknown',
    shows: 'text=This link does not work',
  },
  { name: 'not-found', as: 'visitor', at: '/nowhere', shows: 'text=There is nothing here' },
  { name: 'palette', as: 'admin', at: (page) => press(page, 'Control+k'), shows: 'dialog input' },
  { name: 'shortcuts', as: 'person', at: (page) => press(page, '?'), shows: 'dialog dl' },
  { name: 'you-menu', as: 'admin', at: openMenu, shows: 'text=Development inbox' },
  {
    name: 'check-mail',
    as: 'person',
    site: 'strict',
    at: '/conversations',
    shows: 'text=Look at your mail',
  },
  {
    name: 'settings-unconfirmed',
    as: 'person',
    site: 'strict',
    at: '/settings',
    shows: 'text=until then, part of this site is closed',
  },
  { name: 'setup', as: 'visitor', site: 'new', at: '/setup', shows: 'text=Set up your site' },
  { name: 'setup-ready', as: 'visitor', site: 'new', at: setUp, shows: 'text=is no mail server' },
]
