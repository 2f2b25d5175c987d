import * as z from 'zod'
import { defineContract } from '../kit/contract.ts'
import { AuditEntry, auditTopic } from './audit-entry.ts'
import { Id, PageQuery, pageOf, Timestamp } from './shared.ts'

/** An entry as the trail keeps it: with the request that led to it and the service that told. */
export const AuditRecord = AuditEntry.extend({
  id: Id,
  requestId: z.string().describe('The request that led to it, as in the logs'),
  service: z.string().describe('Who announced it'),
}).meta({ id: 'AuditRecord' })
export type AuditRecord = z.infer<typeof AuditRecord>

export const audit = defineContract({
  service: 'audit',
  summary: 'The audit trail: who did what to whom, when, from where, and how it ended',
  operations: {
    listAudit: {
      summary: 'Read the audit trail, newest first',
      description:
        'Filters narrow the list together. Entries are kept for AUDIT_DAYS; nothing can change or remove one before.',
      http: 'GET /admin/audit',
      access: 'admin',
      input: PageQuery.extend({
        actorId: Id.optional().describe('Who did it'),
        subjectId: Id.optional().describe('What it was done to'),
        action: z
          .string()
          .max(64)
          .regex(/^[^.]+(\.[^.]+)*$/, 'Words joined by dots')
          .optional()
          .describe('One action, `session.started`, or all actions of a noun: `session`'),
        outcome: AuditEntry.shape.outcome.optional(),
        from: Timestamp.optional().describe('Not before this time'),
        to: Timestamp.optional().describe('Before this time'),
      }),
      output: pageOf(AuditRecord),
    },
  },
  entrances: {
    [auditTopic]: {
      summary: 'Entries for the trail; every service may announce them as its event `audited`',
      schema: AuditEntry,
      key: 'action',
    },
  },
})
