import type { MessageKey } from '../lib/i18n.tsx'

/** The parts of the settings, by the last word of their addresses, in the order shown. */
export const sections = {
  profile: { title: 'settings.profile', hint: 'settings.profileHint' },
  account: { title: 'settings.account', hint: 'settings.accountHint' },
  appearance: { title: 'settings.appearance', hint: 'settings.appearanceHint' },
  privacy: { title: 'settings.privacy', hint: 'settings.privacyHint' },
  notifications: { title: 'settings.notifications', hint: 'settings.notificationsHint' },
  sessions: { title: 'settings.sessions', hint: 'settings.sessionsHint' },
  site: { title: 'settings.site', hint: 'settings.siteHint', admin: true },
  accounts: { title: 'settings.accounts', hint: 'settings.accountsHint', admin: true },
} as const satisfies Record<string, { title: MessageKey; hint: MessageKey; admin?: true }>

export type Section = keyof typeof sections

/** The parts that somebody sees. */
export function sectionsFor(role: string): Section[] {
  const all = Object.keys(sections) as Section[]
  return all.filter((section) => role === 'admin' || !('admin' in sections[section]))
}
