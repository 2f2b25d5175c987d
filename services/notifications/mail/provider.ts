import type { WrittenMail } from '../templates/letter.ts'

export type OutgoingMail = WrittenMail & {
  /** Stays the same at every attempt, so that a receiver can drop the second copy of a mail. */
  messageId: string
  from: { name: string; address: string }
  to: string
}

/** How the handing over went: `refused` is for good, `failed` may pass. */
export type Verdict =
  | { outcome: 'sent' }
  | { outcome: 'refused'; cause: string }
  | { outcome: 'failed'; cause: string }

/** A way for mails to leave. */
export type MailProvider = {
  via: 'smtp' | 'local'
  send(mail: OutgoingMail, signal: AbortSignal): Promise<Verdict>
  close(): void
}

/** The outbox on this server: the mail lies in its row, and that is its delivery. */
export const localOutbox: MailProvider = {
  via: 'local',
  send: async () => ({ outcome: 'sent' }),
  close() {},
}
