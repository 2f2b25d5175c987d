/** Everybody exists but ids that begin with `no-`; ids that begin with `shy-` tell no receipts. */
export const uses = {
  users: {
    async getPeople({ userIds }: { userIds: string[] }) {
      const known = userIds.filter((id) => !id.startsWith('no-'))
      return { people: known.map(toPerson) }
    },
    async getSettingsOf({ userIds }: { userIds: string[] }) {
      const shy = userIds.filter((id) => id.startsWith('shy-'))
      return { people: shy.map((userId) => ({ userId, settings })) }
    },
  },
}

export function toPerson(id: string) {
  return { id, username: id, displayName: id.toUpperCase(), avatar: null, blocked: false }
}

export function draft(conversationId: string, content = 'Hello') {
  return { uuid: crypto.randomUUID(), conversationId, content }
}

const settings = {
  darkMode: 'system' as const,
  autoDownloadMedia: true,
  saveToGallery: true,
  pushNotifications: true,
  messageNotifications: true,
  groupNotifications: true,
  callNotifications: true,
  inAppNotifications: true,
  soundEnabled: true,
  vibrationEnabled: true,
  notificationLight: true,
  showPreview: true,
  fingerprintLock: false,
  readReceipts: false,
  lastSeen: 'everyone' as const,
  statusVisibility: 'everyone' as const,
  profilePhotoVisibility: 'everyone' as const,
}
