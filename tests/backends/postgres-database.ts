import { randomBytes } from 'node:crypto'
import pg from 'pg'

const usualServer = 'postgres://postgres@127.0.0.1:5432/postgres'

/** Makes a database for one run of the tests, and drops it afterwards; no server is a failure. */
export async function setup(): Promise<() => Promise<void>> {
  // biome-ignore lint/style/noProcessEnv: the tests' own processes are started from here.
  const environment = process.env
  const server = environment.STOA_TEST_DATABASE_URL || usualServer
  const name = `stoa_test_${randomBytes(6).toString('hex')}`
  // Of a language that sorts words otherwise than by code point, to see that this changes nothing.
  const language = `locale_provider icu icu_locale 'en-US' template template0`
  await run(server, `create database ${name} encoding utf8 ${language}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  environment.STOA_TEST_DATABASE_URL = url.href
  return () => run(server, `drop database ${name} with (force)`)
}

async function run(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  await client.query(statement)
  await client.end()
}
