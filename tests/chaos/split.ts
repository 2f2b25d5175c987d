// `npm run chaos:split -- 100 [--nodes 3] [--minutes 30]`: so many kills of processes, brokers and the database
// while people write to each other, and a count in the end. It starts servers of its own: Kafka is
// found by KAFKA_HOME, PostgreSQL by `pg_config`.
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../kit/testing.ts'
import { runCampaignAt } from '../lib/ledger.ts'
import { openBalancer } from '../split/lib/balancer.ts'
import { readWords, say, startInstallation } from './lib/installation.ts'

const { size: kills, nodes, shareOf } = readWords(24)
await using installation = await startInstallation(nodes, {
  // Sessions are renewed all the time, so that kills meet that too.
  settings: { ACCESS_TOKEN_MINUTES: '1' },
})
const { cluster, kafka, postgres } = installation
await using balancer = await openBalancer(cluster.gateways)

type Victim = { name: string; crash(): Promise<void> }
const victims: Victim[] = [
  ...cluster.parts.map(({ names, crash }) => ({ name: names.join(' '), crash })),
  ...kafka.nodes.map((node, n) => ({
    name: `broker ${n + 1}`,
    async crash() {
      await node.kill()
      await pause(Math.random() * 3_000)
      await node.start()
    },
  })),
  {
    name: 'database',
    async crash() {
      await postgres.kill()
      await postgres.start()
    },
  },
]
const counts = new Map<string, number>()
const usedMs = performance.now()

/** Each as often as the others, in an order that nobody knows. */
let left: Victim[] = []
function pickVictim(): Victim {
  if (left.length === 0) left = [...victims]
  const [victim] = left.splice(Math.floor(Math.random() * left.length), 1)
  if (!victim) throw new Error('There is nothing to kill')
  return victim
}

async function isReady(url: string): Promise<boolean> {
  const { status } = await fetch(`${url}/api/v1/health/ready`)
  return status === 200
}

const site = {
  urls: [balancer.url],
  async crash() {
    const { name, crash } = pickVictim()
    say(`kills ${name}`)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    await crash()
    for (const { url } of cluster.parts) {
      await eventually(() => isReady(url).catch(() => false), Boolean, 120_000)
    }
  },
}
const result = await runCampaignAt(site, {
  kills,
  senders: 6,
  enough: () => shareOf(0) >= 1,
  uptimeMs: () => 1_000 + Math.random() * 3_000,
  report: say,
})
const { lost, repeated, disordered, wronglyShown, signedOut, acknowledged } = result
const wrong = [...lost, ...repeated, ...disordered, ...wronglyShown, ...signedOut]
say(`killed: ${JSON.stringify(Object.fromEntries(counts))}`)
say(
  `${nodes} broker nodes, ${result.kills} kills in ${Math.round((performance.now() - usedMs) / 1_000)} s, ` +
    `${acknowledged} acknowledged: ${lost.length} lost, ${repeated.length} repeated, ` +
    `${disordered.length} out of order, ${wronglyShown.length} wrongly shown, ` +
    `${signedOut.length} signed out`,
)
if (wrong.length > 0) {
  process.stderr.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = 1
}
