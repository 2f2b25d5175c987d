import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../kit/testing.ts'
import { startServer } from './lib/server.ts'

test('a port that is taken is told in one sentence', async () => {
  using folder = temporaryFolder()
  const other = net.createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as net.AddressInfo

  await expect(startServer({ folder: folder.path, port })).rejects.toThrow(
    `Port ${port} is taken: stop what uses it, or choose another with PORT=3001 npm start.`,
  )
  other.close()
})

test('everything that is wrong with the settings is told at once', async () => {
  using folder = temporaryFolder()
  const environment = { CORS_ORIGIN: 'everybody', PASSWORD_MIN_LENGTH: '3', SMTP_PORT: 'x' }

  await expect(startServer({ folder: folder.path, environment })).rejects.toThrow(
    /These settings are wrong:\n {2}CORS_ORIGIN: .*\n {2}PASSWORD_MIN_LENGTH: .*\n {2}SMTP_PORT: /,
  )
})

test('a folder that cannot be used is told by its name', async () => {
  using folder = temporaryFolder()
  const file = `${folder.path}/file`
  fs.writeFileSync(file, '')

  await expect(startServer({ folder: `${file}/data` })).rejects.toThrow(
    `The folder ${file}/data cannot be written: choose another with DATA_FOLDER.`,
  )
})

test('the first start tells where the admin is made, and the secrets stay the same after it', async () => {
  using folder = temporaryFolder()
  const secrets = () => fs.readFileSync(`${folder.path}/secrets.json`, 'utf8')
  const first = await startServer({ folder: folder.path })
  await expect.poll(first.output).toMatch(/Make yourself the admin: http:\S+\/setup#code=\S+/)
  const setupUrl = /http:\S+\/setup/.exec(first.output())?.[0] ?? ''
  const page = await fetch(setupUrl, { headers: { accept: 'text/html' } })
  // The web app where it has been built, or else how to go on without it.
  expect(await page.text()).toMatch(/<div id="app">|POST \/api\/v1\/setup/)
  const before = secrets()
  expect(fs.statSync(`${folder.path}/secrets.json`).mode & 0o777).toBe(0o600)

  await first.kill('SIGTERM')
  await using _ = await startServer({ folder: folder.path })
  expect(secrets()).toBe(before)
})
