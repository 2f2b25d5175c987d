// `npm run chaos:replies -- 20000 [--nodes 3] [--minutes 30]`: so many calls while gateways go from one to three
// to two, a worker of each service is killed, and a broker is killed and comes back. Each answer
// must belong to its call; whoever gets none is told so by a typed error.
import { openBalancer } from '../split/lib/balancer.ts'
import { readWords, say, startInstallation } from './lib/installation.ts'
import { judge, runRequests } from './lib/requests.ts'

const { nodes, shareOf } = readWords(20_000)
await using installation = await startInstallation(nodes, {
  layout: [
    ['gateway'],
    ['accounts', 'users'],
    ['accounts', 'users'],
    ['chat', 'notifications', 'audit'],
    ['chat', 'notifications', 'audit'],
  ],
  settings: { ACCESS_TOKEN_MINUTES: '60', DRAIN_DELAY_MS: '2000' },
})
const { cluster, kafka } = installation
const [first, worker, , chatWorker] = cluster.parts
await using balancer = await openBalancer([cluster.gateways[0]])

const outcome = await runRequests({
  url: balancer.url,
  shareOf,
  atOnce: 8,
  async meanwhile({ asked, reach }) {
    async function addGateway(): Promise<void> {
      const { url } = await cluster.add(['gateway'])
      balancer.add(url)
      say(`one more gateway at ${asked()}`)
    }

    await reach(0.1)
    await addGateway()
    await addGateway()
    await reach(0.3)
    await worker?.crash()
    say(`a worker of accounts and users was killed, and is back at ${asked()}`)
    await chatWorker?.crash()
    say(`a worker of chat was killed, and is back at ${asked()}`)
    await reach(0.5)
    const node = kafka.nodes[Math.floor(Math.random() * kafka.nodes.length)]
    await node?.kill()
    await node?.start()
    say(`a broker was killed, and is back at ${asked()}`)
    await reach(0.7)
    await first?.stop()
    say(`one gateway less at ${asked()}`)
  },
})
const { untyped, misrouted, lost, repeated } = outcome
judge(`${nodes} broker nodes`, outcome, [...untyped, ...misrouted, ...lost, ...repeated])
