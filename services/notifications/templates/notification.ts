import type { NotificationType } from '../../../contracts/notifications.ts'
import { type Letter, pageUrl, type Stationery } from './letter.ts'

export type NotificationMailData = { type: NotificationType; title: string; body: string }

/** Services tell what happened in English; the type is enough to say it in another language. */
const spanishTitles: Partial<Record<NotificationType, string>> = {
  message: 'Tienes un mensaje nuevo',
  call: 'Tienes una notificación de llamada',
  mention: 'Te han mencionado',
  reaction: 'Alguien ha reaccionado a tu mensaje',
}

const words = {
  en: {
    button: 'Open notifications',
    note: 'You can choose in your settings which notifications are mailed to you.',
  },
  es: {
    button: 'Abrir notificaciones',
    note: 'En tus ajustes puedes elegir qué notificaciones recibes por correo.',
  },
}

export function notificationMail(
  { type, title, body }: NotificationMailData,
  { language, siteName, publicUrl }: Stationery,
): Letter {
  const said = words[language]
  const heading = (language === 'es' ? spanishTitles[type] : undefined) ?? title
  return {
    subject: `${heading} – ${siteName}`,
    heading,
    paragraphs: body === '' ? [] : [body],
    button: { label: said.button, url: pageUrl(publicUrl, 'notifications').href },
    ...(type !== 'security' && { note: said.note }),
  }
}
