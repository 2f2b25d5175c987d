import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../../../contracts/audit-entry.ts'
import { notifications } from '../../../contracts/notifications.ts'
import { kitFailure } from '../../../kit/failure.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import { hasDevInbox } from '../config.ts'
import type { Deps } from '../deps.ts'
import { toQueuedMail } from '../mail/queue.ts'
import { toMail, toMailSummary } from '../rows.ts'
import * as store from '../store/mail.ts'
import type { MailRow } from '../tables.ts'

const fail = failuresOf(notifications)
const isPosition = isTuple(['string'])
const toPosition = ({ id }: MailRow): store.MailPosition => [id]

type Owned = 'listMail' | 'getMail' | 'retryMail' | 'sendTestMail' | 'listLocalMail'
type AdminCall = Parameters<Handlers<typeof notifications>['getMail']>[1]

export function createMailHandlers(
  { db, outbox, config }: Deps,
  wake: () => void,
): Pick<Handlers<typeof notifications>, Owned> {
  const devInbox = hasDevInbox(config)

  return {
    async listMail({ limit, cursor, count, state, to }) {
      const filter = { recipient: to, state }
      const request = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listMail(db, filter, request)
      return {
        ...toPage(rows, request, toPosition, toMailSummary),
        ...(count && { count: await store.countMail(db, filter) }),
      }
    },

    async getMail({ mailId }, call) {
      return db.transaction().execute(async (tx) => {
        const mail = await store.findMail(tx, mailId)
        if (!mail) throw fail('mail_not_found')
        await outbox.add(tx, 'audited', toAuditEntry('mail.read', mailId, call), call)
        return toMail(mail)
      })
    },

    async retryMail({ mailId }, call) {
      const mail = await db.transaction().execute(async (tx) => {
        const retried = await store.retryMail(tx, mailId, new Date().toISOString())
        if (!retried) {
          throw fail((await store.findMail(tx, mailId)) ? 'mail_not_failed' : 'mail_not_found')
        }
        await outbox.add(tx, 'audited', toAuditEntry('mail.retried', mailId, call), call)
        return toMailSummary(retried)
      })
      wake()
      return mail
    },

    async sendTestMail({ to }, call) {
      const content = { template: 'test', data: {} } as const
      const mail = toQueuedMail(content, { to, locale: null }, randomUUID())
      await db.transaction().execute(async (tx) => {
        await store.insertMail(tx, mail)
        await outbox.add(tx, 'audited', toAuditEntry('mail.tested', mail.id, call), call)
      })
      wake()
      return toMailSummary(mail)
    },

    async listLocalMail({ limit, cursor, count, to }, { client }) {
      if (!devInbox || !client.local) throw kitFailure('not_found')
      const filter = { recipient: to, via: 'local' }
      const request = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listMail(db, filter, request)
      return {
        ...toPage(rows, request, toPosition, toMail),
        ...(count && { count: await store.countMail(db, filter) }),
      }
    },
  }
}

function toAuditEntry(action: string, mailId: string, { actor, client }: AdminCall): AuditEntry {
  return {
    action,
    outcome: 'success',
    actorId: actor.id,
    subjectId: mailId,
    ip: client.ip,
    userAgent: client.userAgent,
    detail: {},
    at: new Date().toISOString(),
  }
}
