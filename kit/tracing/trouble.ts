import { Failure } from '../failure.ts'

/** Why a span did not go well: in one word, and whether that is a fault or a plain refusal. */
export type Trouble = { type: string; isFault: boolean }

/** What went wrong, without its words: they may hold what people have written. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Failure) return { type: error.code, isFault: error.status >= 500 }
  const { code, name } = error as { code?: unknown; name?: unknown }
  return { type: String(code ?? name ?? typeof error), isFault: true }
}
