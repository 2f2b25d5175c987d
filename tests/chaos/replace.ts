// `npm run chaos:replace -- 50000 [--nodes 3] [--minutes 30]`: so many calls while every process is
// replaced as a scheduler does it: another one starts, then the old one is told to stop. No call
// may fail.
import { openBalancer } from '../split/lib/balancer.ts'
import { readWords, say, startInstallation } from './lib/installation.ts'
import { judge, runRequests } from './lib/requests.ts'

const { nodes, shareOf } = readWords(50_000)
await using installation = await startInstallation(nodes, {
  // Longer than a balancer takes to notice.
  settings: { ACCESS_TOKEN_MINUTES: '60', DRAIN_DELAY_MS: '2000' },
})
const { cluster } = installation
await using balancer = await openBalancer(cluster.gateways)

const outcome = await runRequests({
  url: balancer.url,
  shareOf,
  atOnce: 8,
  async meanwhile({ asked, reach }) {
    const old = [...cluster.parts]
    for (const [n, part] of old.entries()) {
      await reach(((n + 0.5) / old.length) * 0.9)
      const { url, names } = await cluster.add(part.names)
      if (names.includes('gateway')) balancer.add(url)
      await part.stop()
      say(`${names.join(' ')} was replaced at ${asked()}`)
    }
  },
})
const { untyped, misrouted, lost, repeated, asked, byCode } = outcome
const failed = asked - (byCode.ok ?? 0)
const refused = failed > 0 ? [`${failed} calls failed`] : []
judge(`${nodes} broker nodes, ${cluster.parts.length / 2} processes replaced`, outcome, [
  ...refused,
  ...untyped,
  ...misrouted,
  ...lost,
  ...repeated,
])
