import { type ConfirmEmailData, confirmEmail } from './confirm-email.ts'
import { type Letter, type Stationery, toHtml, toText, type WrittenMail } from './letter.ts'
import { type NotificationMailData, notificationMail } from './notification.ts'
import { testMail } from './test-mail.ts'
import { type WelcomeData, welcome } from './welcome.ts'

/** What is kept of a mail until it is written: the template and what it needs. */
export type MailContent =
  | { template: 'confirm-email'; data: ConfirmEmailData }
  | { template: 'welcome'; data: WelcomeData }
  | { template: 'notification'; data: NotificationMailData }
  | { template: 'test'; data: Record<string, never> }
  /** Written by another program. */
  | { template: 'as-given'; data: WrittenMail }

export function writeMail(content: MailContent, stationery: Stationery): WrittenMail {
  if (content.template === 'as-given') return content.data
  const letter = toLetter(content, stationery)
  return {
    subject: letter.subject,
    text: toText(letter, stationery),
    html: toHtml(letter, stationery),
  }
}

function toLetter(
  content: Exclude<MailContent, { template: 'as-given' }>,
  stationery: Stationery,
): Letter {
  switch (content.template) {
    case 'confirm-email':
      return confirmEmail(content.data, stationery)
    case 'welcome':
      return welcome(content.data, stationery)
    case 'notification':
      return notificationMail(content.data, stationery)
    case 'test':
      return testMail(stationery)
  }
}
