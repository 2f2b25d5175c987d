import { Connection } from 'rabbitmq-client'
import { readEnvironment } from '../../../kit/config.ts'
import { createLog } from '../../../kit/log.ts'
import { createRabbitTransport } from '../../../kit/remote/rabbitmq.ts'
import { type RabbitConfig, rabbitConfig } from '../../../kit/remote/rabbitmq-config.ts'
import { declareTopology, type Groups, rabbitNames } from '../../../kit/remote/rabbitmq-topology.ts'
import type { Transport } from '../../../kit/remote/transport.ts'
import { eventually } from '../../../kit/testing.ts'

export type RabbitServer = {
  /** Address, with user and password. */
  url: string
}

const sharedServer: RabbitServer = {
  url: readEnvironment().RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672',
}

/** Exchanges and queues with names of their own; gone after the test. */
export type RabbitPlace = AsyncDisposable & {
  config: RabbitConfig
  /** What the names of its exchanges and queues begin with. */
  prefix: string
  /** The driver of one process, still connecting. */
  connect(name: string): Transport
  /** A bare connection, as somebody else's program would have. */
  openStranger(): Promise<Connection & AsyncDisposable>
}

export async function createRabbitPlace(
  groups: Groups,
  settings: Record<string, string> = {},
  server: RabbitServer = sharedServer,
): Promise<RabbitPlace> {
  const prefix = `stoa-test-${crypto.randomUUID()}.`
  const config = rabbitConfig.parse({
    RABBITMQ_URL: server.url,
    RABBITMQ_PREFIX: prefix,
    ...settings,
  })
  await declareTopology(config, groups)
  const opened: Transport[] = []

  async function openStranger() {
    const connection = new Connection({ url: config.RABBITMQ_URL })
    connection.on('error', () => undefined)
    await connection.onConnect()
    return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
  }

  return {
    config,
    prefix,
    connect(name) {
      const transport = createRabbitTransport({ config, groups, name, log: createLog('silent') })
      opened.push(transport)
      return transport
    },
    openStranger,
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()))
      await using stranger = await openStranger()
      const names = rabbitNames(config)
      // Queues of requests go by themselves, soon after their last worker.
      for (const queue of [names.partitions, ...Object.keys(groups).flatMap(names.queues)]) {
        await stranger.queueDelete({ queue })
      }
      for (const exchange of [names.events, names.signals]) {
        await stranger.exchangeDelete({ exchange })
      }
    },
  }
}

export type ConnectOptions = { config: RabbitConfig; groups: Groups }

/** The driver of one process, connected; other processes import this too. */
export async function connect(
  name: string,
  { config, groups }: ConnectOptions,
): Promise<Transport> {
  const transport = createRabbitTransport({ config, groups, name, log: createLog('silent') })
  await eventually(() => transport.ready())
  return transport
}
