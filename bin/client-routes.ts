// Writes client/routes.ts: what the client must know of the contracts while it runs. The contracts
// themselves, and the validation that comes with them, stay out of a browser's bundle.
// `--check` only says whether the file is up to date.
import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { routes } from '../client/routes.ts'
import { contracts } from '../contracts/index.ts'
import type { OperationDefinition } from '../kit/contract.ts'

const file = path.resolve(import.meta.dirname, '../client/routes.ts')
const services = contracts.map(({ service, operations }) => {
  const open = Object.entries(operations).filter(([, { access }]) => access !== 'internal')
  const entries = open.map(([name, definition]) => [name, routeOf(definition)] as const)
  return [service, entries] as const
})

if (!process.argv.includes('--check')) {
  fs.writeFileSync(file, toSource())
} else if (!isUpToDate()) {
  console.error('client/routes.ts is out of date: run `node bin/client-routes.ts`.')
  process.exitCode = 1
}

function isUpToDate(): boolean {
  const table = services.map(([service, entries]) => [service, Object.fromEntries(entries)])
  return isDeepStrictEqual(routes, Object.fromEntries(table))
}

function routeOf(definition: OperationDefinition) {
  const { http, socket, access, cookie, idempotent } = definition
  const secret = cookie?.write !== undefined
  const repeatable = (http?.startsWith('GET ') ?? true) || idempotent === true
  return {
    ...(http && { http }),
    ...(socket && { socket }),
    ...(access === 'public' && { open: true }),
    ...(secret && { secret: true }),
    ...(!repeatable && !secret && { keyed: true }),
  }
}

function toSource(): string {
  const lines = services.flatMap(([service, entries]) => [
    `  ${service}: {`,
    ...entries.map(([name, route]) => `    ${name}: ${toLiteral(route)},`),
    '  },',
  ])
  const head =
    '// Written by `node bin/client-routes.ts` from the contracts; not to be changed by hand.'
  return [
    head,
    '',
    '// biome-ignore format: one operation is one line.',
    'export const routes = {',
    ...lines,
    '} as const',
    '',
  ].join('\n')
}

function toLiteral(route: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(route).map(([name, value]) =>
    typeof value === 'string' ? `${name}: '${value}'` : `${name}: ${value}`,
  )
  return `{ ${fields.join(', ')} }`
}
