import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { OperationDefinition } from '../contract.ts'

/**
 * A name for what an operation takes and gives, the same wherever its shapes are the same. It
 * lets two processes notice that they run different releases.
 */
export function createVersions(): (definition: OperationDefinition) => string {
  const known = new WeakMap<OperationDefinition, string>()
  return (definition) => {
    const found = known.get(definition)
    if (found) return found
    const shapes = [definition.input, definition.output].map((schema) =>
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    )
    const hash = createHash('sha256').update(JSON.stringify(shapes)).digest('base64url')
    const version = hash.slice(0, 12)
    known.set(definition, version)
    return version
  }
}
