import fs from 'node:fs'
import * as z from 'zod'

/** What a process was given, by the names of its variables. */
export type Environment = Readonly<Record<string, string | undefined>>

type SettingsOf<Schema> = Schema extends z.ZodObject ? z.output<Schema> : undefined

/**
 * Reads settings from the environment, once and all together: every problem is reported, by the
 * name of the variable, before anything starts; together with those that the caller has found.
 * A part without a schema has no settings. An empty variable counts as absent.
 */
export function readConfig<Schemas extends Readonly<Record<string, z.ZodObject | undefined>>>(
  schemas: Schemas,
  environment: Environment,
  found: readonly string[] = [],
): { [K in keyof Schemas]: SettingsOf<Schemas[K]> } {
  const given = withoutEmpty(environment)
  const problems = new Set(found)
  const settings = Object.entries(schemas).map(([name, schema]) => {
    const result = schema?.safeParse(given)
    if (!result || result.success) return [name, result?.data]
    for (const issue of result.error.issues) {
      const setting = issue.path.join('.')
      const missing = issue.code === 'invalid_type' && !(setting in given)
      problems.add(`${setting}: ${missing ? mustBeSet(schema, setting) : issue.message}`)
    }
    return [name, undefined]
  })
  if (problems.size > 0) throw new ConfigError([...problems])
  return Object.fromEntries(settings)
}

/** What to say of a setting that is not there and must be. */
export function mustBeSet(schema: z.ZodObject | undefined, name: string): string {
  const description = (schema?.shape[name] as z.ZodType | undefined)?.description
  return description ? `must be set (${description})` : 'must be set'
}

/** An empty variable counts as absent. */
export function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`These settings are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** Kinds of settings: text in the environment, a typed value in the program. */
export const setting = {
  text: () => z.string(),
  integer: (min: number, max: number) => z.coerce.number().int().min(min).max(max),
  flag: () =>
    z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1'),
  url: () => z.url(),
  list: () =>
    z.string().transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
}

/** The environment of this process, completed by a file `.env` beside it. */
export function readEnvironment(): Environment {
  if (fs.existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/** One line per setting, for `.env.example` and the table in the documentation. */
export type SettingDescription = {
  name: string
  description: string
  fallback: string | undefined
  /** Whether there is no going without it. */
  required: boolean
}

/** Lists what a schema reads: the field's description, and its default when it has one. */
export function describeSettings(schema: z.ZodObject): SettingDescription[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const type = field as z.ZodType
    const fallback = type.safeParse(undefined)
    const value = fallback.success ? fallback.data : undefined
    return {
      name,
      description: type.description ?? '',
      fallback: value === undefined ? undefined : String(value),
      required: !fallback.success,
    }
  })
}
