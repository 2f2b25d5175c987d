import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Bus } from '../../../kit/bus.ts'
import type { Contract } from '../../../kit/contract.ts'
import { createLog } from '../../../kit/log.ts'
import { createMetrics, type Metrics } from '../../../kit/metrics.ts'
import { createRemoteBus } from '../../../kit/remote/remote-bus.ts'
import type { Transport } from '../../../kit/remote/transport.ts'
import { eventually } from '../../../kit/testing.ts'
import type { InstanceOrder, InstanceReport } from './instance.ts'
import { notes } from './notes-service.ts'
import { nobody, things } from './suite-contract.ts'

/** Processes joined by one bus, each with its own end of it. */
export type Buses = AsyncDisposable & {
  join(name: string): Promise<Bus>
}

/** A broker with a place of its own for one test, which is gone after it. */
export type Broker = AsyncDisposable & {
  /** The driver of one process, as it would make it at its start. */
  connect(instanceId: string): Promise<Transport>
  /** How another process makes the same: a module exporting `connect(instanceId, options)`. */
  driver: { module: string; options: unknown }
}

export type CreateBuses = () => Promise<Buses>
export type CreateBroker = (contracts: readonly Contract[]) => Promise<Broker>

/** Buses of this process and of others, on one broker. */
export type Network = Buses & {
  broker: Broker
  serviceKey: string
  /** What all other processes have told, in the order in which it arrived. */
  reports: InstanceReport[]
  join(name: string, detail?: { serviceKey?: string; metrics?: Metrics }): Promise<Bus>
  /** Starts another process; settles when it serves and listens. */
  spawn(
    order: Pick<InstanceOrder, 'name' | 'serve' | 'ledger' | 'subscribe' | 'notes'>,
  ): Promise<Instance>
}

export type Instance = {
  name: string
  reports: InstanceReport[]
  kill(): Promise<void>
  /** Ends as a process does that is asked to. */
  close(): Promise<void>
}

export async function createNetwork(createBroker: CreateBroker): Promise<Network> {
  const broker = await createBroker([things, nobody, notes])
  const serviceKey = crypto.randomUUID()
  const joined: Bus[] = []
  const children = new Set<ChildProcess>()
  const allReports: InstanceReport[] = []
  return {
    broker,
    serviceKey,
    reports: allReports,
    async join(name: string, detail: { serviceKey?: string; metrics?: Metrics } = {}) {
      const bus = createRemoteBus({
        transport: await broker.connect(name),
        serviceKey: detail.serviceKey ?? serviceKey,
        log: createLog('silent'),
        metrics: detail.metrics ?? createMetrics(),
        entrances: Object.keys(things.entrances),
      })
      joined.push(bus)
      await eventually(() => bus.ready(), Boolean, 60_000)
      return bus
    },
    async spawn(order) {
      const whole: InstanceOrder = { ...order, serviceKey, driver: broker.driver }
      const file = new URL('instance.ts', import.meta.url)
      const child = fork(file, [JSON.stringify(whole)], { execArgv: [] })
      children.add(child)
      const gone = once(child, 'exit').finally(() => children.delete(child))
      const reports: InstanceReport[] = []
      child.on('message', (report: InstanceReport) => {
        reports.push(report)
        allReports.push(report)
      })
      await Promise.race([
        eventually(() => reports.some(({ is }) => is === 'ready'), Boolean, 60_000),
        gone.then(([code]) => Promise.reject(new Error(`${order.name} ended with ${code}`))),
      ])
      return {
        name: order.name,
        reports,
        async kill() {
          child.kill('SIGKILL')
          await gone
        },
        async close() {
          child.send('close')
          await gone
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(joined.map((bus) => bus.close()))
      await broker[Symbol.asyncDispose]()
    },
  }
}
