import type { accounts } from '../../contracts/accounts.ts'
import type { AuditEntry } from '../../contracts/audit-entry.ts'
import type { CallContext } from '../../kit/context.ts'
import { Failure } from '../../kit/failure.ts'
import type { Outbox } from '../../kit/outbox.ts'
import type { AccountsDb, AccountsTransaction } from './tables.ts'

/** Tells the audit trail what happened, and what was tried. */
export type Audit = ReturnType<typeof createAudit>

type About = {
  subjectId: string | null
  /** Who did it, when that is not the person signed in. */
  actorId?: string
  detail?: AuditEntry['detail']
}

type CallFields = Pick<CallContext, 'actor' | 'client' | 'requestId' | 'traceparent'>

export function createAudit(db: AccountsDb, outbox: Outbox<typeof accounts>) {
  function toEntry(
    call: CallFields,
    action: string,
    outcome: AuditEntry['outcome'],
    { subjectId, actorId, detail = {} }: About,
  ): AuditEntry {
    return {
      action,
      outcome,
      actorId: actorId ?? call.actor?.id ?? null,
      subjectId,
      ip: call.client.ip.slice(0, 64),
      userAgent: call.client.userAgent.slice(0, 512),
      detail,
      at: new Date().toISOString(),
    }
  }

  const audit = {
    /** Recorded with the change that it tells of. */
    succeeded: (tx: AccountsTransaction, call: CallFields, action: string, about: About) =>
      outbox.add(tx, 'audited', toEntry(call, action, 'success', about), call),

    failed: (call: CallFields, action: string, about: About) =>
      db
        .transaction()
        .execute((tx) => outbox.add(tx, 'audited', toEntry(call, action, 'failure', about), call)),

    /** Does something that is refused at times, and records the refusal with its code. */
    async attempt<T>(
      call: CallFields,
      action: string,
      subjectId: string | null,
      work: () => Promise<T>,
    ): Promise<T> {
      try {
        return await work()
      } catch (error) {
        if (error instanceof Failure && error.status < 500 && error.code !== 'invalid_input') {
          await audit.failed(call, action, { subjectId, detail: { reason: error.code } })
        }
        throw error
      }
    },
  }
  return audit
}
