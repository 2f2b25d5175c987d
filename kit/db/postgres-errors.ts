import pg from 'pg'
import { Failure, kitFailure } from '../failure.ts'

/**
 * SQLSTATEs, or the classes that they begin with, of what may pass: lost connections, servers that
 * stop, start or only read, too little of something, conflicts with others, and time that ran out.
 */
const passing = [
  '08',
  '25006',
  '25P03',
  '25P04',
  '40001',
  '40003',
  '40P01',
  '53',
  '55P03',
  '57014',
  '57P',
  '58030',
]
/** A text with a U+0000, which PostgreSQL cannot hold. */
const untranslatable = '22021'
const featureNotSupported = '0A000'

/**
 * What went wrong, in the words of the kit: `unavailable` for what may pass, `invalid_input` for
 * a text that cannot be stored, and the error itself for everything else, which is a bug.
 */
export function toStoreFailure(error: unknown): unknown {
  if (error instanceof Failure) return error
  if (isPassing(error)) return kitFailure('unavailable', undefined, { cause: error })
  if (error instanceof pg.DatabaseError && error.code === untranslatable) {
    const message = 'This holds the character U+0000, which no text has.'
    return kitFailure('invalid_input', message, { cause: error })
  }
  return error
}

function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? ''
    return passing.some((start) => code.startsWith(start)) || isStalePlan(error)
  }
  return isConnectionError(error)
}

/** A prepared statement met a table that a migration has changed; a new connection mends it. */
export function isStalePlan(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === featureNotSupported &&
    error.message.includes('cached plan')
  )
}

/** What the client says by itself; such errors have no class and mostly no code. */
const connectionMessages =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded|Query read timeout|Cannot use a pool after|Called end on pool|The server does not support SSL)/

/** Whether an error means that the connection cannot be used any more, or never could. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.every(isConnectionError)
  if (error instanceof pg.DatabaseError) return /^(08|57P|25P03|25P04)/.test(error.code ?? '')
  return 'syscall' in error || connectionMessages.test(error.message)
}

/** Why a server will never let us in, as long as the settings stay what they are. */
export function isWrongSetting(error: unknown): error is Error {
  return error instanceof pg.DatabaseError && /^(28|3D|42501)/.test(error.code ?? '')
}
