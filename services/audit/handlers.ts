import type { AuditRecord, audit } from '../../contracts/audit.ts'
import { isTuple, readCursor, toPage } from '../../kit/page.ts'
import type { Handlers, ServiceDeps } from '../../kit/service.ts'
import * as store from './store.ts'
import type { AuditRow, AuditTables } from './tables.ts'

type Deps = ServiceDeps<typeof audit, AuditTables>

const isPosition = isTuple(['string', 'string'])

export function createHandlers({ db }: Pick<Deps, 'db'>): Handlers<typeof audit> {
  return {
    async listAudit({ limit, cursor, count, action, from, to, actorId, subjectId, outcome }) {
      const isNoun = action !== undefined && !action.includes('.')
      const filter: store.AuditFilter = {
        actorId,
        subjectId,
        outcome,
        action: isNoun ? undefined : action,
        noun: isNoun ? action : undefined,
        from: from && toIso(from),
        to: to && toIso(to),
      }
      const request = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listEntries(db, filter, request)
      return {
        ...toPage(rows, request, ({ at, id }): store.AuditPosition => [at, id], toRecord),
        ...(count && { count: await store.countEntries(db, filter) }),
      }
    },
  }
}

function toRecord({ noun: _, detail, ...row }: AuditRow): AuditRecord {
  return { ...row, detail: JSON.parse(detail) }
}

/** All with three digits of seconds, so that text sorts as time does. */
function toIso(time: string): string {
  return new Date(time).toISOString()
}
