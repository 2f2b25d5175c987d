import * as z from 'zod'
import type { EventDefinition } from '../kit/contract.ts'
import { Id, Timestamp } from './shared.ts'

/** One security-relevant action: who did what to whom, when, from where, and how it ended. */
export const AuditEntry = z
  .object({
    /** A fact in the past tense, `<noun>.<participle>`: `session.started`, `account.blocked`. */
    action: z.string().min(1).max(64),
    outcome: z.enum(['success', 'failure']),
    /** Who did it; `null` when nobody is signed in. */
    actorId: Id.nullable(),
    /** What it was done to: the id of an account, session, conversation … */
    subjectId: Id.nullable(),
    ip: z.string().max(64),
    userAgent: z.string().max(512),
    detail: z.record(z.string(), z.union([z.string().max(500), z.number(), z.boolean(), z.null()])),
    at: Timestamp,
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>

/** The topic of the audit trail: every service may announce entries on it, `audit` keeps them. */
export const auditTopic = 'audit.record'

/** The event by which a service tells the audit trail; declared as `audited` in its contract. */
export const auditedEvent = {
  summary: 'Something security-relevant happened',
  schema: AuditEntry,
  key: 'action',
  topic: auditTopic,
} as const satisfies EventDefinition
