// `npm run chaos:outage -- 60 [--nodes 3]`: all brokers, then the database, then Redis are away for so
// many seconds each while people write to each other: what they are told meanwhile, and a count in
// the end. Nobody may wait long for an answer, or get one that does not say what is wrong.
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../kit/testing.ts'
import { runCampaignAt } from '../lib/ledger.ts'
import { arrive, type Person, password } from '../lib/people.ts'
import { createRedis } from '../split/lib/redis.ts'
import { readWords, say, startInstallation } from './lib/installation.ts'

const patienceMs = 120_000
/** Calls have ten seconds; whoever asks shall know soon after. */
const longestAnswerMs = 12_000

const { size: seconds, nodes } = readWords(60)
await using redis = await createRedis()
await redis.start()
await using installation = await startInstallation(nodes, { settings: { REDIS_URL: redis.url } })
const { cluster, kafka, postgres } = installation
const [gateway] = cluster.gateways

type Outage = { name: string; begin(): Promise<unknown>; end(): Promise<unknown> }
const all = (
  name: string,
  servers: readonly { kill(): Promise<void>; start(): Promise<void> }[],
) => ({
  name,
  begin: () => Promise.all(servers.map((server) => server.kill())),
  end: () => Promise.all(servers.map((server) => server.start())),
})
const outages: Outage[] = [
  all('Kafka', kafka.nodes),
  all('PostgreSQL', [postgres]),
  { name: 'Redis', begin: redis.stop, end: redis.start },
]
const wrong: string[] = []

/** Somebody who writes nothing: new sessions end old ones, of which the writers need theirs. */
let visitor: Person | undefined

/** What the visitor is told, who signs in. */
async function signIn(): Promise<{ outcome: string; tookMs: number }> {
  const from = performance.now()
  const answer = await fetch(`${gateway}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: visitor?.username, password }),
  })
  const { code } = (await answer.json()) as { code?: string }
  return { outcome: `${answer.status} ${code ?? ''}`.trim(), tookMs: performance.now() - from }
}

async function areReady(): Promise<boolean> {
  const asked = cluster.parts.map(async ({ url }) => (await fetch(`${url}/api/v1/health/ready`)).ok)
  return (await Promise.all(asked)).every(Boolean)
}

const left = [...outages]
const site = {
  urls: cluster.gateways,
  async crash() {
    const outage = left.shift()
    if (!outage) throw new Error('Everything has been away')
    visitor ??= await arrive(gateway, 'visitor')
    say(`${outage.name} goes away`)
    await outage.begin()
    const told = new Map<string, number>()
    let slowest = 0
    for (const until = Date.now() + seconds * 1_000; Date.now() < until; await pause(500)) {
      const { outcome, tookMs } = await signIn()
      told.set(outcome, (told.get(outcome) ?? 0) + 1)
      slowest = Math.max(slowest, tookMs)
    }
    const outcomes = JSON.stringify(Object.fromEntries(told))
    say(`who signed in meanwhile was told ${outcomes}, after ${Math.round(slowest)} ms at most`)
    if (slowest > longestAnswerMs) wrong.push(`${outage.name}: an answer took ${slowest} ms`)
    for (const outcome of told.keys()) {
      if (!/^(200|503 unavailable)$/.test(outcome)) wrong.push(`${outage.name}: ${outcome}`)
    }
    await outage.end()
    const from = performance.now()
    await eventually(() => areReady().catch(() => false), Boolean, patienceMs)
    say(
      `${outage.name} is back; all parts were ready ${Math.round(performance.now() - from)} ms later`,
    )
  },
}

const result = await runCampaignAt(site, {
  kills: outages.length,
  senders: 6,
  uptimeMs: () => 5_000,
  report: say,
})
const { lost, repeated, disordered, wronglyShown, signedOut, acknowledged } = result
wrong.push(...lost, ...repeated, ...disordered, ...wronglyShown, ...signedOut)
say(
  `${outages.map(({ name }) => name).join(', ')} away for ${seconds} s each, ${acknowledged} ` +
    `acknowledged: ${lost.length} lost, ${repeated.length} repeated, ${disordered.length} out of ` +
    `order, ${wronglyShown.length} wrongly shown, ${signedOut.length} signed out`,
)
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n`)
  process.exitCode = 1
}
