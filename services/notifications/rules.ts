import type { NotificationPreferences, NotificationType } from '../../contracts/notifications.ts'

export type Channels = NotificationPreferences['message']

const centreOnly: Channels = { inApp: true, email: false }

export const defaultPreferences: NotificationPreferences = {
  message: centreOnly,
  call: centreOnly,
  mention: centreOnly,
  reaction: centreOnly,
  status: centreOnly,
  system: centreOnly,
}

/**
 * The ways by which one type reaches a person. Security notices always come by both: whoever
 * takes over an account would silence them first.
 */
export function channelsOf(type: NotificationType, chosen: Channels | undefined): Channels {
  return type === 'security' ? { inApp: true, email: true } : (chosen ?? defaultPreferences[type])
}

const longestWaitMs = 6 * 3_600_000

/** How long a mail waits after its nth failed attempt. */
export function waitAfter(attempts: number, firstWaitMs: number): number {
  return Math.min(firstWaitMs * 4 ** (attempts - 1), longestWaitMs)
}
