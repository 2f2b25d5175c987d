import type { ScreenShot } from './screen.ts'

/** The settings, the audit trail and the development inbox. */
export const settingsScreens: readonly ScreenShot[] = [
  { name: 'settings', as: 'person', at: '/settings', shows: 'nav[aria-label="Settings"] a' },
  {
    name: 'settings-profile',
    as: 'person',
    at: '/settings/profile',
    shows: 'input[name="bio"], textarea',
  },
  { name: 'settings-account', as: 'person', at: '/settings/account', shows: 'text=Member since' },
  { name: 'settings-appearance', as: 'person', at: '/settings/appearance', shows: 'select' },
  { name: 'settings-privacy', as: 'person', at: '/settings/privacy', shows: 'fieldset' },
  { name: 'settings-notifications', as: 'person', at: '/settings/notifications', shows: 'table' },
  {
    name: 'settings-sessions',
    as: 'person',
    at: '/settings/sessions',
    shows: 'ul[aria-label="Devices"]',
  },
  { name: 'settings-site', as: 'admin', at: '/settings/site', shows: 'input[name="siteName"]' },
  { name: 'settings-accounts', as: 'admin', at: '/settings/accounts', shows: 'article' },
  { name: 'audit', as: 'admin', at: '/audit', shows: 'details' },
  {
    name: 'audit-entry',
    as: 'admin',
    async at(page) {
      await page.goto('/audit')
      await page.locator('summary').first().click()
    },
    shows: 'details[open]',
  },
  { name: 'audit-refused', as: 'person', at: '/audit', shows: 'text=You may not do this.' },
  { name: 'dev-mail', as: 'visitor', at: '/dev/mail', shows: 'h1' },
]
