import * as z from 'zod'
import { setting } from '../../kit/config.ts'

export const configSchema = z.object({
  AUDIT_DAYS: setting
    .integer(0, 36_500)
    .default(365)
    .describe('Days that the audit trail is kept; 0: for ever'),
})

export type AuditConfig = z.output<typeof configSchema>
