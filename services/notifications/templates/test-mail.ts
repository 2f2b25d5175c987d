import type { Letter, Stationery } from './letter.ts'

const words = {
  en: {
    subject: (site: string) => `Test mail from ${site}`,
    heading: 'Mail works',
    text: (site: string) => `An administrator of ${site} sent this mail to try whether mail works.`,
  },
  es: {
    subject: (site: string) => `Mensaje de prueba de ${site}`,
    heading: 'El correo funciona',
    text: (site: string) =>
      `Alguien que administra ${site} ha enviado este mensaje para probar el correo.`,
  },
}

export function testMail({ language, siteName }: Stationery): Letter {
  const said = words[language]
  return {
    subject: said.subject(siteName),
    heading: said.heading,
    paragraphs: [said.text(siteName)],
  }
}
