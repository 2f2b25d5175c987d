import { topicOf } from '../../kit/contract.ts'
import { describeRemoteBus } from './bus-suite.ts'
import type { CreateBroker } from './lib/network.ts'
import { connect, createRabbitPlace } from './lib/rabbitmq.ts'

const createBroker: CreateBroker = async (contracts) => {
  const topics = contracts.flatMap((contract) => [
    ...Object.keys(contract.events ?? {}).map((event) => topicOf(contract, event)),
    ...Object.keys(contract.entrances ?? {}),
  ])
  // Every group that the suite reads as.
  const groups = Object.fromEntries(
    ['first', 'second', 'group', 'notes'].map((group) => [group, topics]),
  )
  const place = await createRabbitPlace(groups, { RABBITMQ_PARTITIONS: '4' })
  const options = { config: place.config, groups }
  return {
    connect: (name) => connect(name, options),
    driver: { module: new URL('lib/rabbitmq.ts', import.meta.url).href, options },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
}

describeRemoteBus(createBroker)
