import type { SameKeys } from '../../lib/messages.ts'
import type { notifications as english } from '../en/notifications.ts'

export const notifications: SameKeys<typeof english> = {
  'notifications.unreadOnly': 'Solo sin leer',
  'notifications.markAllRead': 'Marcar todo como leído',
  'notifications.markRead': 'Marcar como leída',
  'notifications.delete': 'Eliminar',
  'notifications.unread': 'Sin leer:',
  'notifications.none': 'Todavía no ha pasado nada',
  'notifications.noneHint':
    'Cuando alguien te mencione, o cambie algo de tu cuenta, lo leerás aquí.',
  'notifications.allRead': 'Lo has leído todo',
  'notifications.mention': 'Te han mencionado',
  'notifications.message': 'Tienes un mensaje nuevo',
  'notifications.reaction': 'Alguien ha reaccionado a tu mensaje',
  'notifications.call': 'Tienes novedades de una llamada',
}
