/** The notification centre. */
export const notifications = {
  'notifications.unreadOnly': 'Only unread',
  'notifications.markAllRead': 'Mark all as read',
  'notifications.markRead': 'Mark as read',
  'notifications.delete': 'Delete',
  'notifications.unread': 'Unread:',
  'notifications.none': 'Nothing has happened yet',
  'notifications.noneHint':
    'When somebody mentions you, or something about your account changes, you read it here.',
  'notifications.allRead': 'You have read everything',
  'notifications.mention': 'You were mentioned',
  'notifications.message': 'You have a new message',
  'notifications.reaction': 'Somebody reacted to your message',
  'notifications.call': 'You have news of a call',
} as const
