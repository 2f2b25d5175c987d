import { createTransport } from 'nodemailer'
import type { SmtpServer } from '../config.ts'
import type { MailProvider, OutgoingMail, Verdict } from './provider.ts'

/** Mails that are handed over at the same time; mail servers are touchy about more. */
export const smtpConnections = 3

const connectMs = 10_000
const silenceMs = 20_000
/** Ends a connection before the other side may, in the middle of a mail. */
const idleMs = 30_000

/**
 * Hands mails to a mail server. Certificates are checked; connections are kept and shared. What
 * the server refuses for good is told apart from what may pass, and a wrong password or
 * certificate counts as passing, because it is about this server and not about the mail.
 */
export function createSmtpProvider(server: SmtpServer): MailProvider {
  const { host, port, secure, requireTls, login } = server
  const transport = createTransport({
    pool: true,
    maxConnections: smtpConnections,
    // Attempts are counted and spaced out by the line, not here.
    maxRequeues: 0,
    host,
    port,
    secure,
    requireTLS: requireTls,
    ...(login && { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    idleTimeout: idleMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  return {
    via: 'smtp',
    async send(mail, signal) {
      try {
        await transport.sendMail({ ...toMessage(mail), signal })
        return { outcome: 'sent' }
      } catch (error) {
        return toVerdict(error)
      }
    },
    close: () => transport.close(),
  }
}

function toMessage({ messageId, from, to, subject, text, html }: OutgoingMail) {
  return {
    messageId,
    from,
    // An object is one address, whatever is in it; text would be read as a list.
    to: { name: '', address: to },
    subject,
    text,
    ...(html !== null && { html }),
    // Keeps holiday replies from answering (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}

type SmtpError = Error & { code?: string; permanent?: boolean; responseCode?: number }

function toVerdict(error: unknown): Verdict {
  const { code, permanent, responseCode, message } = error as SmtpError
  const aboutTheMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  const cause = message.slice(0, 500)
  if (aboutTheMail && (permanent || responseCode === undefined)) {
    return { outcome: 'refused', cause }
  }
  return { outcome: 'failed', cause }
}
