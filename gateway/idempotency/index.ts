import { createHmac, hash } from 'node:crypto'
import type { Kysely } from 'kysely'
import * as z from 'zod'
import { defaultDeadlineMs } from '../../kit/context.ts'
import type { OperationDefinition } from '../../kit/contract.ts'
import {
  type Failure,
  type FailureBody,
  kitFailure,
  kitFailures,
  readFailureBody,
  toFailureBody,
} from '../../kit/failure.ts'
import { type Job, repeat } from '../../kit/job.ts'
import type { Logger } from '../../kit/log.ts'
import { gatewayFailure, toFailure } from '../errors.ts'
import * as store from './store.ts'
import type { GatewayTables } from './tables.ts'

const keptForMs = 24 * 3_600_000
/** A call that was under way for this much longer than usual has ended, one way or the other. */
const surelyOverMs = defaultDeadlineMs * 6

type Output = Record<string, unknown>
type Outcome = { output: Output } | { failure: FailureBody } | { secret: true }

export type Repeatable = {
  /** The header as it came. */
  key: string
  /** Whose keys they are: two people may choose the same one. */
  scope: string
  operation: string
  input: unknown
  /** Whether the answer must not be written down. */
  isSecret(): boolean
  deadline: number
  /** Called when the answer is that of an earlier request. */
  onRepeated(): void
}

export type Idempotency = {
  /**
   * Does something once per key, however often and however parallel it is asked for
   * (draft-ietf-httpapi-idempotency-key-header). Success and declared refusals are kept for a day
   * and given again. What changed nothing is not kept: then the key is free again.
   */
  once(request: Repeatable, act: () => Promise<Output>): Promise<Output>
  tidy: Job
}

export function createIdempotency(db: Kysely<GatewayTables>, log: Logger): Idempotency {
  async function recallOutcome(id: string, fingerprint: string): Promise<Outcome> {
    const [row] = await store.find(db, { id })
    if (row && row.fingerprint !== fingerprint) {
      throw gatewayFailure('idempotency_key_reused', 'This key was used for another request.')
    }
    if (!row?.outcome) throw underWay(row?.reservedAt)
    return JSON.parse(row.outcome)
  }

  return {
    async once({ key, scope, operation, input, isSecret, deadline, onRepeated }, act) {
      const name = readKey(key)
      const id = hash('sha256', JSON.stringify([scope, name]))
      const fingerprint = createHmac('sha256', name)
        .update(JSON.stringify([operation, input]))
        .digest('hex')
      const now = Date.now()
      const [reserved] = await store.reserve(db, {
        id,
        fingerprint,
        reservedAt: new Date(now).toISOString(),
        expiredBefore: new Date(now - keptForMs).toISOString(),
      })
      if (!reserved) return readOutcome(await recallOutcome(id, fingerprint), onRepeated)

      const keep = (outcome: Outcome) =>
        store.keepOutcome(db, { id, outcome: JSON.stringify(outcome) })
      const output = await act().catch(async (error) => {
        const failure = toFailure(error)
        if (isRefusal(failure)) await keep({ failure: toFailureBody(failure) })
        else if (!isOpen(failure, deadline)) await store.release(db, { id })
        throw error
      })
      await keep(isSecret() ? { secret: true } : { output })
      return output
    },
    tidy: repeat({
      name: 'gateway.idempotency',
      everyMs: 600_000,
      log,
      run: () => store.forgetBefore(db, new Date(Date.now() - keptForMs).toISOString()),
    }),
  }
}

function readOutcome(outcome: Outcome, onRepeated: () => void): Output {
  if ('secret' in outcome) {
    const message = 'This was done, but its answer held secrets and was not kept.'
    throw gatewayFailure('answer_not_kept', message)
  }
  onRepeated()
  if ('failure' in outcome) throw readFailureBody(outcome.failure)
  return outcome.output
}

/** Whether the operation itself refused: the kit's own refusals come before it does anything. */
function isRefusal({ code, status }: Failure): boolean {
  return status < 500 && !(code in kitFailures)
}

/** Whether it may still be done: nobody waited for its end. The key stays taken. */
function isOpen({ code }: Failure, deadline: number): boolean {
  return code === 'unavailable' && Date.now() >= deadline
}

function underWay(reservedAt: string | undefined): Failure {
  if (reservedAt && Date.now() - Date.parse(reservedAt) > surelyOverMs) {
    return gatewayFailure(
      'outcome_unknown',
      'The first request with this key was interrupted; look whether it was done.',
    )
  }
  return gatewayFailure('idempotency_in_progress', 'The first request is still under way.', {
    retryAfter: 1,
  })
}

/** A quoted string as the draft has it, or the bare word that many clients send. */
function readKey(header: string): string {
  const [, quoted, bare] =
    header.match(/^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\w.~:-]{1,255}))$/) ?? []
  const key = quoted ?? bare
  if (key !== undefined) return key
  const message = 'Send one quoted string of 1 to 255 characters.'
  throw kitFailure('invalid_input', `Idempotency-Key: ${message}`, {
    errors: [{ field: 'Idempotency-Key', message }],
  })
}

const secretName = /(?:token|secret|password|codes?)$/i

/** Whether an answer holds what must not be written down: known by the names of its fields. */
export function holdsSecrets({ cookie, output }: OperationDefinition): boolean {
  return (
    cookie?.write !== undefined ||
    namesIn(z.toJSONSchema(output)).some((name) => secretName.test(name))
  )
}

function namesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([name, value]) =>
    name === 'properties' ? [...Object.keys(value), ...namesIn(value)] : namesIn(value),
  )
}
