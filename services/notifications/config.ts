import * as z from 'zod'
import { setting } from '../../kit/config.ts'

export const configSchema = z
  .object({
    PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .default('http://localhost:3000')
      .describe('Address under which people reach this server; links in mails begin with it'),
    MAIL_FROM: z
      .email()
      .optional()
      .describe('Address that mails come from; without it no-reply at the host of PUBLIC_URL'),
    SMTP_URL: setting
      .url()
      .optional()
      .describe('Mail server: smtp://user:password@host:587, or smtps:// for TLS from the start'),
    SMTP_HOST: setting
      .text()
      .optional()
      .describe('Mail server, instead of SMTP_URL; without either, mails stay in the outbox here'),
    SMTP_PORT: setting.integer(1, 65_535).default(587).describe('Port of SMTP_HOST'),
    SMTP_USER: setting.text().optional().describe('User name at SMTP_HOST'),
    SMTP_PASSWORD: setting.text().optional().describe('Password at SMTP_HOST'),
    SMTP_SECURE: setting
      .flag()
      .default(false)
      .describe('TLS from the start at SMTP_HOST, as on port 465, instead of STARTTLS'),
    SMTP_REQUIRE_TLS: setting
      .flag()
      .optional()
      .describe('Send nothing to a mail server without TLS; on by itself when there is a password'),
    DEV_INBOX: setting
      .flag()
      .optional()
      .describe('Show mails to anyone on this very machine; on by itself without a mail server'),
    MAIL_ATTEMPTS: setting.integer(1, 100).default(8).describe('Attempts before a mail has failed'),
    MAIL_RETRY_MS: setting
      .integer(1, 3_600_000)
      .default(30_000)
      .describe('Wait before the second attempt; each further wait is four times as long'),
    MAIL_DAYS: setting
      .integer(0, 3_650)
      .default(30)
      .describe('Days that mails are kept after they were sent or failed; 0: for ever'),
    NOTIFICATION_DAYS: setting
      .integer(0, 3_650)
      .default(180)
      .describe('Days that notifications are kept; 0: for ever'),
  })
  .check(({ value, issues }) => {
    const wrong = (name: keyof typeof value, message: string) =>
      issues.push({ code: 'custom', path: [name], message, input: value[name] })
    if (value.SMTP_URL && value.SMTP_HOST) wrong('SMTP_HOST', 'Give either this or SMTP_URL')
    if (value.SMTP_URL && !isSmtpUrl(value.SMTP_URL)) {
      wrong('SMTP_URL', 'Write it as smtp://user:password@host:port or smtps://…')
    }
    if (Boolean(value.SMTP_USER) !== Boolean(value.SMTP_PASSWORD)) {
      wrong('SMTP_PASSWORD', 'SMTP_USER and SMTP_PASSWORD belong together')
    }
  })

export type NotificationsConfig = z.output<typeof configSchema>

export type SmtpServer = {
  host: string
  port: number
  /** TLS from the start. */
  secure: boolean
  requireTls: boolean
  login: { user: string; password: string } | undefined
}

/** The mail server that is configured, if one is. */
export function toSmtpServer(config: NotificationsConfig): SmtpServer | undefined {
  const { SMTP_URL, SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASSWORD, SMTP_SECURE } = config
  if (SMTP_URL) {
    const { protocol, hostname, port, username, password } = new URL(SMTP_URL)
    const secure = protocol === 'smtps:'
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port ? Number(port) : secure ? 465 : 587,
      secure,
      requireTls: config.SMTP_REQUIRE_TLS ?? username !== '',
      login: username
        ? { user: decodeURIComponent(username), password: decodeURIComponent(password) }
        : undefined,
    }
  }
  if (!SMTP_HOST) return undefined
  return {
    host: SMTP_HOST,
    port: SMTP_PORT,
    secure: SMTP_SECURE,
    requireTls: config.SMTP_REQUIRE_TLS ?? Boolean(SMTP_USER),
    login: SMTP_USER && SMTP_PASSWORD ? { user: SMTP_USER, password: SMTP_PASSWORD } : undefined,
  }
}

function isSmtpUrl(text: string): boolean {
  try {
    decodeURIComponent(text)
    return /^smtps?:\/\/[^/]+\/?$/.test(text)
  } catch {
    return false
  }
}

/** The address that mails come from. */
export function toSender({ MAIL_FROM, PUBLIC_URL }: NotificationsConfig): string {
  return MAIL_FROM ?? `no-reply@${toMailDomain({ MAIL_FROM, PUBLIC_URL })}`
}

/** The domain in whose name mails are sent and numbered. */
export function toMailDomain(
  config: Pick<NotificationsConfig, 'MAIL_FROM' | 'PUBLIC_URL'>,
): string {
  const { hostname } = new URL(config.PUBLIC_URL)
  const isName = /^[a-z0-9-]+([.][a-z0-9-]+)*$/i.test(hostname) && !/^[0-9.]+$/.test(hostname)
  return config.MAIL_FROM?.split('@').at(-1) ?? (isName ? hostname : 'localhost')
}

/** Whether anyone on this machine may read the outbox. */
export function hasDevInbox(config: NotificationsConfig): boolean {
  return config.DEV_INBOX ?? toSmtpServer(config) === undefined
}
