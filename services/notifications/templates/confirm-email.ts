import { type Letter, pageUrl, type Stationery } from './letter.ts'

export type ConfirmEmailData = { username: string; token: string; expiresAt: string }

const words = {
  en: {
    subject: (site: string) => `Confirm your e-mail address for ${site}`,
    heading: (name: string) => `Hello ${name}`,
    invitation: (site: string) =>
      `Please confirm that this is your e-mail address. Then everything on ${site} is open to you.`,
    button: 'Confirm e-mail address',
    note: (time: string) =>
      `The link works until ${time}. If you did not sign up, ignore this mail: without the confirmation nothing happens.`,
  },
  es: {
    subject: (site: string) => `Confirma tu correo electrónico para ${site}`,
    heading: (name: string) => `Hola, ${name}`,
    invitation: (site: string) =>
      `Confirma que este es tu correo electrónico. Después tendrás acceso a todo en ${site}.`,
    button: 'Confirmar correo electrónico',
    note: (time: string) =>
      `El enlace funciona hasta el ${time}. Si no te has registrado, ignora este mensaje: sin la confirmación no pasa nada.`,
  },
}

export function confirmEmail(
  { username, token, expiresAt }: ConfirmEmailData,
  { language, siteName, publicUrl }: Stationery,
): Letter {
  const said = words[language]
  const url = pageUrl(publicUrl, 'confirm-email')
  // In the fragment, which browsers do not send: the token reaches no log on the way.
  url.hash = `token=${encodeURIComponent(token)}`
  const time = new Intl.DateTimeFormat(language, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  }).format(new Date(expiresAt))
  return {
    subject: said.subject(siteName),
    heading: said.heading(username),
    paragraphs: [said.invitation(siteName)],
    button: { label: said.button, url: url.href },
    note: said.note(`${time} UTC`),
  }
}
