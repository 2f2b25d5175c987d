import { expect, test } from 'vitest'
import { runCampaignAt } from '../lib/ledger.ts'
import { startCluster } from './lib/cluster.ts'

test.each(['rabbitmq', 'kafka'] as const)(
  'over %s, each process is killed in turn: nothing acknowledged is lost, repeated or out of order',
  async (kind) => {
    await using cluster = await startCluster(kind)
    let next = 0
    const site = {
      urls: cluster.gateways,
      async crash() {
        await cluster.parts[next++ % cluster.parts.length]?.crash()
      },
    }

    const result = await runCampaignAt(site, {
      kills: cluster.parts.length,
      senders: 6,
      uptimeMs: () => 500 + Math.random() * 1_000,
    })

    expect(result).toEqual({
      kills: cluster.parts.length,
      acknowledged: expect.any(Number),
      lost: [],
      repeated: [],
      disordered: [],
      wronglyShown: [],
      signedOut: [],
    })
    expect(result.acknowledged).toBeGreaterThan(100)
  },
  600_000,
)
