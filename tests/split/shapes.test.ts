import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../kit/testing.ts'
import { setUp } from '../lib/people.ts'
import { startServer } from '../lib/server.ts'
import { createBackends, createDatabase } from './lib/backends.ts'
import { bundleFolder } from './lib/build.ts'

const program = `${bundleFolder}/start.mjs`
let folder: ReturnType<typeof temporaryFolder>

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

test('parts refuse a database that is not up to date, and say what to do', async () => {
  await using backends = await createBackends('rabbitmq')
  const { environment } = backends
  const start = () =>
    startServer({ folder: folder.path, environment, parts: ['users', 'audit'], program })
  await expect(start()).rejects.toThrow(
    'These databases are not up to date: users, audit. Run `npm run migrate` first.',
  )

  const said = await backends.stoa('migrate')

  expect(said).toContain('audit: brought up to date')
  expect(await backends.stoa('migrate')).toContain('audit: is up to date')
  await using server = await start()
  expect((await fetch(`${server.url}/api/v1/health/live`)).status).toBe(200)
}, 300_000)

test('a broker that was not prepared makes parts unready, and topics mends it', async () => {
  await using backends = await createBackends('kafka')
  const { environment } = backends
  await backends.stoa('migrate')
  await expect(backends.stoa('topics', '--check')).rejects.toThrow(
    /Kafka has no topic .*events\.accounts/,
  )
  await using server = await startServer({
    folder: folder.path,
    environment,
    parts: ['audit'],
    program,
  })
  const ask = async () => (await fetch(`${server.url}/api/v1/health/ready`)).status
  expect(await ask()).toBe(503)
  expect(server.output()).toMatch(/Kafka has no topic/)

  await backends.stoa('topics')

  expect(await backends.stoa('topics', '--check')).toContain('Kafka has all')
  await expect.poll(ask, { timeout: 60_000 }).toBe(200)
}, 300_000)

test('one process on PostgreSQL migrates by itself, and is the only one there', async () => {
  await using database = await createDatabase()
  const environment = { DATABASE_URL: database.url }
  const start = (name: string) =>
    startServer({ folder: `${folder.path}/${name}`, environment, program })
  await using first = await start('one')
  await setUp(first.url)

  await expect(start('two')).rejects.toThrow(
    'DATABASE_URL: another Stoa runs on this database in one process',
  )

  await first.kill('SIGKILL')
  await using again = await start('one')
  expect(await (await fetch(`${again.url}/api/v1/setup`)).json()).toMatchObject({ needed: false })
}, 300_000)
