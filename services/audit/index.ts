import { audit } from '../../contracts/audit.ts'
import { defineService, type ServiceDeps } from '../../kit/service.ts'
import { type AuditConfig, configSchema } from './config.ts'
import { createHandlers } from './handlers.ts'
import { migrations } from './migrations/index.ts'
import { createRetention } from './retention.ts'
import { createSubscribers } from './subscribers.ts'
import type { AuditTables } from './tables.ts'

export const auditService = defineService({
  contract: audit,
  config: configSchema,
  migrations,
  // biome-ignore lint/complexity/noBannedTypes: it calls no other service.
  create({ db, log, config }: ServiceDeps<typeof audit, AuditTables, {}, AuditConfig>) {
    const days = config.AUDIT_DAYS
    return {
      handlers: createHandlers({ db }),
      subscribers: createSubscribers(),
      jobs: days > 0 ? [createRetention({ db, log, days })] : [],
    }
  },
})
