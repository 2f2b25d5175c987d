export type AuditTables = {
  auditEntry: {
    /** The id of the event that brought the entry. */
    id: string
    at: string
    action: string
    /** The action up to its first dot, so that all actions of a noun are found as fast as one. */
    noun: string
    outcome: 'success' | 'failure'
    actorId: string | null
    subjectId: string | null
    ip: string
    userAgent: string
    /** JSON */
    detail: string
    requestId: string
    service: string
  }
}

export type AuditRow = AuditTables['auditEntry']
