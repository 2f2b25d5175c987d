import { type Letter, pageUrl, type Stationery } from './letter.ts'

export type WelcomeData = { name: string | null }

const words = {
  en: {
    subject: (site: string) => `Welcome to ${site}`,
    heading: (name: string | null, site: string) =>
      name === null ? `Welcome to ${site}` : `Welcome to ${site}, ${name}`,
    invitation: 'Your account is ready. Say something about yourself and find your people.',
    button: (site: string) => `Open ${site}`,
  },
  es: {
    subject: (site: string) => `Te damos la bienvenida a ${site}`,
    heading: (name: string | null, site: string) =>
      name === null
        ? `Te damos la bienvenida a ${site}`
        : `Te damos la bienvenida a ${site}, ${name}`,
    invitation: 'Tu cuenta está lista. Cuenta algo sobre ti y encuentra a tu gente.',
    button: (site: string) => `Abrir ${site}`,
  },
}

export function welcome(
  { name }: WelcomeData,
  { language, siteName, publicUrl }: Stationery,
): Letter {
  const said = words[language]
  return {
    subject: said.subject(siteName),
    heading: said.heading(name, siteName),
    paragraphs: [said.invitation],
    button: { label: said.button(siteName), url: pageUrl(publicUrl, '').href },
  }
}
