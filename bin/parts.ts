import { services } from './services.ts'

/** What a process can be made of: the public door, and the services behind it. */
export const partNames: readonly string[] = [
  'gateway',
  ...services.map(({ contract }) => contract.service as string),
]

/** Parts of one process; all of them when none is named. */
export function chooseParts(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.length > 0 ? names : partNames)
}

/** What is wrong with the names that were given, as sentences. */
export function findUnknownParts(names: readonly string[]): string[] {
  return names
    .filter((name) => !partNames.includes(name))
    .map((name) => `${name}: there is no such part; choose from ${partNames.join(', ')}`)
}
