import type { audit } from '../../contracts/audit.ts'
import type { Subscribers } from '../../kit/service.ts'
import { insertEntry } from './store.ts'
import type { AuditTables } from './tables.ts'

export function createSubscribers(): Subscribers<AuditTables, Record<never, never>, typeof audit> {
  return {
    entrances: {
      async 'audit.record'(tx, { detail, at, ...entry }, { id, requestId, service }) {
        await insertEntry(tx, {
          ...entry,
          id,
          noun: entry.action.split('.', 1)[0] ?? '',
          // With three digits of seconds, whoever wrote it, so that text sorts as time does.
          at: new Date(at).toISOString(),
          detail: JSON.stringify(detail),
          requestId,
          service,
        })
      },
    },
  }
}
