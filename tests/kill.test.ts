import { expect, test } from 'vitest'
import { temporaryFolder } from '../kit/testing.ts'
import { runCampaign } from './lib/ledger.ts'

test('a server killed again and again loses nothing that it acknowledged, and repeats nothing', async () => {
  using folder = temporaryFolder()

  const result = await runCampaign({
    folder: folder.path,
    kills: 4,
    senders: 4,
    uptimeMs: () => 300 + Math.random() * 500,
  })

  expect(result).toEqual({
    kills: 4,
    acknowledged: expect.any(Number),
    lost: [],
    repeated: [],
    disordered: [],
    wronglyShown: [],
    signedOut: [],
  })
  expect(result.acknowledged).toBeGreaterThan(50)
}, 60_000)
