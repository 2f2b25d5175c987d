import fs from 'node:fs'
import { expect, test } from 'vitest'
import { createLog } from '../kit/log.ts'
import { temporaryFolder } from '../kit/testing.ts'
import { readStorageConfig } from './config.ts'
import { openDatabases, openStores, refuseUnmigrated, unfinishedMove } from './databases.ts'
import { migrateAll } from './migrate.ts'

const log = createLog('silent')

test('a data folder is used by one process at a time', async () => {
  using folder = temporaryFolder()
  const config = readStorageConfig({ DATA_FOLDER: folder.path })
  const first = await openStores(config)

  await expect(openStores(config)).rejects.toThrow(
    `DATA_FOLDER: another Stoa runs on ${folder.path}`,
  )

  await first.close()
  const second = await openStores(config)
  await second.close()
})

test('a data folder into which a move was interrupted is not used', async () => {
  using folder = temporaryFolder()
  fs.mkdirSync(`${folder.path}/${unfinishedMove}`)

  await expect(openStores(readStorageConfig({ DATA_FOLDER: folder.path }))).rejects.toThrow(
    /DATA_FOLDER: a move to .* was interrupted/,
  )
})

test('databases that are not up to date are refused by name until they are migrated', async () => {
  using folder = temporaryFolder()
  const config = readStorageConfig({ DATA_FOLDER: folder.path })
  const parts = new Set(['chat', 'gateway'])
  {
    await using databases = await openDatabases(await openStores(config), parts, log)
    await expect(refuseUnmigrated(databases)).rejects.toThrow(
      'These databases are not up to date: gateway, chat. Run `npm run migrate` first.',
    )
  }
  const said: string[] = []

  await migrateAll(await openStores(config), (line) => said.push(line), log)

  expect(said).toContain('chat: brought up to date')
  await using databases = await openDatabases(await openStores(config), parts, log)
  await refuseUnmigrated(databases)
  expect(await databases.check()).toEqual({})
})
