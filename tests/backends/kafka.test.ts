import { describe } from 'vitest'
import { describeRemoteBus } from './bus-suite.ts'
import { createKafkaBroker } from './lib/kafka-driver.ts'

describe('over Kafka', () => {
  describeRemoteBus(createKafkaBroker)
})
