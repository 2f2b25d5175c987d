import { kitFailure } from './failure.ts'

const message = 'This holds the character U+0000, which no text has.'

/**
 * Refuses texts with a U+0000 in them and names the field: PostgreSQL cannot hold it, and whether
 * something is wrong must not depend on the database.
 */
export function demandStorable(value: unknown): void {
  if (!holdsNul(value)) return
  const path = findNul(value) ?? []
  const field = path.join('.')
  throw kitFailure('invalid_input', `${field || 'input'}: ${message}`, {
    errors: [{ field, message }],
  })
}

/** Looks only, because naming the place costs much more and is needed hardly ever. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(holdsNul)
  for (const key of Object.keys(value)) {
    if (holdsNul((value as Record<string, unknown>)[key])) return true
  }
  return false
}

function findNul(value: unknown): string[] | undefined {
  if (typeof value === 'string') return value.includes('\0') ? [] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const key in value) {
    const path = findNul((value as Record<string, unknown>)[key])
    if (path) return [key, ...path]
  }
  return undefined
}
