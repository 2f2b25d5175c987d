import * as z from 'zod'
import { type Contract, defineContract } from './contract.ts'
import { kitFailure } from './failure.ts'
import type { Inbox } from './inbox.ts'
import { isTuple, readCursor, toPage } from './page.ts'

const DeadLetter = z
  .object({
    id: z.string(),
    state: z.enum(['waiting', 'dead']).describe('`waiting`: another attempt comes by itself'),
    topic: z.string(),
    key: z.string(),
    payload: z.unknown(),
    attempts: z.int(),
    cause: z.string().describe('What the last attempt failed with'),
    occurredAt: z.iso.datetime(),
    parkedAt: z.iso.datetime(),
    nextAttemptAt: z.iso.datetime(),
    requestId: z.string(),
    traceparent: z.string(),
  })
  .meta({ id: 'DeadLetter' })

/**
 * The operations by which an admin sees the events that a service could not deal with. Every
 * service has them; they form a contract beside its own, so that its own stays about its work.
 */
export function deadLettersOf({ service }: Pick<Contract, 'service'>) {
  const name = `${service.charAt(0).toUpperCase()}${service.slice(1)}`
  const id = z.strictObject({ id: z.string().min(1).max(64) })
  return defineContract({
    service: `${service}.dead-letters`,
    summary: `Events that ${service} could not deal with`,
    operations: {
      [`list${name}DeadLetters`]: {
        summary: `List the events that ${service} could not deal with, oldest first`,
        http: `GET /admin/dead-letters/${service}`,
        access: 'admin',
        input: z.strictObject({
          limit: z.int().min(1).max(100).default(20),
          cursor: z.string().min(1).max(512).optional(),
        }),
        output: z.object({
          items: z.array(DeadLetter),
          next: z.string().nullable(),
          previous: z.null(),
        }),
      },
      [`redrive${name}DeadLetter`]: {
        summary: 'Try a dead event once more',
        http: `POST /admin/dead-letters/${service}/{id}/redrive`,
        access: 'admin',
        input: id,
        output: z.object({ redriven: z.int() }),
      },
      [`redrive${name}DeadLetters`]: {
        summary: 'Try all dead events once more',
        http: `POST /admin/dead-letters/${service}/redrive`,
        access: 'admin',
        input: z.strictObject({}),
        output: z.object({ redriven: z.int() }),
      },
      [`discard${name}DeadLetter`]: {
        summary: 'Forget an event for good',
        http: `DELETE /admin/dead-letters/${service}/{id}`,
        access: 'admin',
        input: id,
        output: z.object({}),
      },
    },
  })
}

/** Answers the operations of `deadLettersOf` from a service's inbox. */
export function createDeadLetterHandlers({ service }: Pick<Contract, 'service'>, inbox: Inbox) {
  const name = `${service.charAt(0).toUpperCase()}${service.slice(1)}`
  return {
    async [`list${name}DeadLetters`]({ limit, cursor }: { limit: number; cursor?: string }) {
      const request = { limit, cursor: readCursor(cursor, isTuple(['number'])) }
      const found = await inbox.listParked(limit + 1, request.cursor?.at[0])
      const { items, next } = toPage(
        found,
        request,
        ({ position }): [number] => [position],
        ({ position: _, record, ...rest }) => {
          const { topic, key, payload, occurredAt, requestId, traceparent } = record
          return { ...rest, topic, key, payload, occurredAt, requestId, traceparent }
        },
      )
      return { items, next, previous: null }
    },
    async [`redrive${name}DeadLetter`]({ id }: { id: string }) {
      const redriven = await inbox.redrive(id)
      if (redriven === 0) throw kitFailure('not_found', 'There is no such dead event.')
      return { redriven }
    },
    async [`redrive${name}DeadLetters`]() {
      return { redriven: await inbox.redrive() }
    },
    async [`discard${name}DeadLetter`]({ id }: { id: string }) {
      if (!(await inbox.discard(id))) throw kitFailure('not_found', 'There is no such dead event.')
      return {}
    },
  }
}
