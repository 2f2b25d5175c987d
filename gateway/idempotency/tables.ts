export type GatewayTables = {
  idempotencyKey: {
    /** Hash of who and which key. */
    id: string
    /** Hash of the request, keyed with the key itself, which is not stored. */
    fingerprint: string
    /** `null` while the request is under way. */
    outcome: string | null
    reservedAt: string
  }
}
