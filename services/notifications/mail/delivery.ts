import { MailAddress } from '../../../contracts/notifications.ts'
import { Failure } from '../../../kit/failure.ts'
import { type Job, repeat } from '../../../kit/job.ts'
import { toMailDomain, toSender, toSmtpServer } from '../config.ts'
import type { Deps } from '../deps.ts'
import { waitAfter } from '../rules.ts'
import * as store from '../store/mail.ts'
import type { MailRow } from '../tables.ts'
import { toLanguage, type WrittenMail } from '../templates/letter.ts'
import { type MailContent, writeMail } from '../templates/write-mail.ts'
import { localOutbox, type MailProvider, type Verdict } from './provider.ts'
import { createSmtpProvider, smtpConnections } from './smtp.ts'

const lookEveryMs = 200
/** The longest that one mail may take; the server may be slow, but not for ever. */
const sendingMs = 60_000
/** A sender that has not finished by then is taken for dead, and its mail is sent again. */
const leaseMs = 2 * sendingMs
/** What mails under way get to finish when the service stops. */
const graceMs = 5_000

/**
 * Takes mails from the line, writes them and hands them over: each at least once, under the same
 * Message-ID at every attempt. A few senders work side by side, so that a mail that takes long
 * holds up no other.
 */
export function createDelivery({ db, clients, config, log, startCall }: Deps): Job {
  const server = toSmtpServer(config)
  const provider: MailProvider = server ? createSmtpProvider(server) : localOutbox
  const sender = toSender(config)
  const domain = toMailDomain(config)
  const stopping = new AbortController()
  let stopped = false

  async function sendAllDue(): Promise<void> {
    while (!stopped) {
      const now = Date.now()
      const [due] = await store.findDueMail(db, { now: toIso(now) })
      if (!due) return
      const mail = await store.takeMail(db, due.id, toIso(now), toIso(now + leaseMs))
      if (mail) await deliver(mail)
    }
  }

  async function deliver(mail: MailRow): Promise<void> {
    // Each taking counts, so a mail that ends the process every time does not do so for ever.
    const attempt =
      mail.attempts > config.MAIL_ATTEMPTS
        ? refused('Every attempt ended in the middle.')
        : await attemptDelivery(mail)
    await finish(mail, attempt)
  }

  async function attemptDelivery(mail: MailRow): Promise<Attempt> {
    try {
      const to = await findAddress(mail)
      if (to === undefined) return refused('The account is gone, blocked or not confirmed.')
      if (!MailAddress.safeParse(to).success) return refused('This is no address.')
      const { siteName } = await clients.accounts.getSite({}, startCall())
      const written = writeMail(toContent(mail), {
        language: toLanguage(mail.locale),
        siteName,
        publicUrl: config.PUBLIC_URL,
      })
      const verdict = await provider.send(
        {
          ...written,
          messageId: `<${mail.id}@${domain}>`,
          from: { name: siteName, address: sender },
          to,
        },
        AbortSignal.any([stopping.signal, AbortSignal.timeout(sendingMs)]),
      )
      return { verdict, to, written }
    } catch (error) {
      if (error instanceof Failure) return { verdict: { outcome: 'failed', cause: error.message } }
      log.error({ event: 'mail.broken', mailId: mail.id, template: mail.template, err: error })
      return {
        verdict: { outcome: 'failed', cause: 'An error of this server; its log tells more.' },
      }
    }
  }

  /** The address that the mail carries, or the account's if the account may get mail. */
  async function findAddress({ recipient, userId }: MailRow): Promise<string | undefined> {
    if (recipient !== null) return recipient
    if (userId === null) return undefined
    try {
      const account = await clients.accounts.getAccount({ userId }, startCall())
      return account.confirmed && !account.blocked ? account.email : undefined
    } catch (error) {
      if (error instanceof Failure && error.status === 404) return undefined
      throw error
    }
  }

  async function finish(mail: MailRow, { verdict, to, written }: Attempt): Promise<void> {
    const now = Date.now()
    const { id, attempts, template } = mail
    const known = { ...(to && { recipient: to }), ...(written && { subject: written.subject }) }
    if (verdict.outcome === 'sent') {
      await store.finishAttempt(db, mail, {
        ...known,
        state: 'sent',
        via: provider.via,
        cause: null,
        sentAt: toIso(now),
        nextAttemptAt: null,
        // It may hold a token that nobody needs here any longer.
        data: '{}',
        ...(provider.via === 'local' && written && { text: written.text, html: written.html }),
      })
      log.info({ event: 'mail.sent', mailId: id, template, attempts, via: provider.via })
      return
    }
    const final = verdict.outcome === 'refused' || attempts >= config.MAIL_ATTEMPTS
    await store.finishAttempt(db, mail, {
      ...known,
      state: final ? 'failed' : 'waiting',
      cause: verdict.cause,
      nextAttemptAt: final ? null : toIso(now + waitAfter(attempts, config.MAIL_RETRY_MS)),
    })
    const event = final ? 'mail.failed' : 'mail.delayed'
    log.warn({ event, mailId: id, template, attempts, outcome: verdict.outcome })
  }

  const senders = Array.from({ length: smtpConnections }, (_, index) =>
    repeat({ name: `mail.${index + 1}`, everyMs: lookEveryMs, log, run: sendAllDue }),
  )

  async function stop(): Promise<void> {
    stopped = true
    const impatience = setTimeout(() => stopping.abort(), graceMs)
    await Promise.all(senders.map((job) => job.stop()))
    clearTimeout(impatience)
    provider.close()
  }

  return {
    start() {
      for (const job of senders) job.start()
    },
    stop,
    wake() {
      for (const job of senders) job.wake()
    },
  }
}

/** How one attempt went, and what is known of the mail by then. */
type Attempt = { verdict: Verdict; to?: string; written?: WrittenMail }

function refused(cause: string): Attempt {
  return { verdict: { outcome: 'refused', cause } }
}

function toContent({ template, data }: MailRow): MailContent {
  return { template, data: JSON.parse(data) } as MailContent
}

function toIso(time: number): string {
  return new Date(time).toISOString()
}
