/** The languages that mails are written in. */
export type Language = 'en' | 'es'

/** What a template knows besides its own data. */
export type Stationery = { language: Language; siteName: string; publicUrl: string }

/** What one mail says. All of it is plain text: only `toHtml` makes markup. */
export type Letter = {
  subject: string
  heading: string
  paragraphs: readonly string[]
  button?: { label: string; url: string }
  /** Small print below the button. */
  note?: string
}

/** A mail as it is sent; what other programs wrote may have no HTML. */
export type WrittenMail = { subject: string; text: string; html: string | null }

/** The language of an account's locale (`es-AR`), and English for all that is not known. */
export function toLanguage(locale: string | null): Language {
  return /^es\b/i.test(locale ?? '') ? 'es' : 'en'
}

/** A page of the web app. */
export function pageUrl(publicUrl: string, path: string): URL {
  return new URL(path, publicUrl.endsWith('/') ? publicUrl : `${publicUrl}/`)
}

/** Makes text safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const words = {
  en: { below: 'If the button does not work, open this address:', from: 'Sent by' },
  es: { below: 'Si el botón no funciona, abre esta dirección:', from: 'Enviado por' },
} as const

export function toText(letter: Letter, { language, siteName, publicUrl }: Stationery): string {
  const { heading, paragraphs, button, note } = letter
  return [
    heading,
    ...paragraphs,
    ...(button ? [`${button.label}:\n${button.url}`] : []),
    ...(note ? [note] : []),
    `-- \n${words[language].from} ${siteName}\n${publicUrl}`,
  ].join('\n\n')
}

/**
 * One column, one button and its address as text below it. Styles are inline because mail
 * programs drop the rest; those that know dark mode also read the style element.
 */
export function toHtml(letter: Letter, { language, siteName, publicUrl }: Stationery): string {
  const { subject, heading, paragraphs, button, note } = letter
  const e = escapeHtml
  const paragraph = (text: string) => `<p style="margin:0 0 16px">${e(text)}</p>`
  const small = (html: string) =>
    `<p class="small" style="margin:0 0 16px;font-size:14px;color:#57606a">${html}</p>`
  const link = (url: string) =>
    `<a class="link" href="${e(url)}" style="color:#0b57d0;overflow-wrap:anywhere">${e(url)}</a>`
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${e(subject)}</title>
<style>
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  .page { background: #16181d !important; color: #e6e8eb !important }
  .card { background: #22252b !important }
  .small { color: #a5acb5 !important }
  .link { color: #8ab4f8 !important }
}
</style>
</head>
<body class="page" style="margin:0;padding:24px 12px;background:#f4f5f7;color:#1f2328">
<div class="card" role="article" aria-label="${e(subject)}" style="max-width:560px;margin:0 auto;padding:32px;border-radius:8px;background:#ffffff;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${e(heading)}</h1>
${paragraphs.map(paragraph).join('\n')}${
  button
    ? `
<p style="margin:24px 0"><a href="${e(button.url)}" style="display:inline-block;padding:12px 24px;border-radius:6px;background:#0b57d0;color:#ffffff;font-weight:600;text-decoration:none">${e(button.label)}</a></p>
${small(`${words[language].below}<br>${link(button.url)}`)}`
    : ''
}${note ? `\n${small(e(note))}` : ''}
${small(`${words[language].from} ${e(siteName)}<br>${link(publicUrl)}`)}
</div>
</body>
</html>
`
}
