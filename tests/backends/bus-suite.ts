import { describeCalls } from './bus-suite-calls.ts'
import { describeEvents } from './bus-suite-events.ts'
import { describeRemoteCalls } from './bus-suite-remote-calls.ts'
import { describeRemoteEvents } from './bus-suite-remote-events.ts'
import { type CreateBroker, type CreateBuses, createNetwork } from './lib/network.ts'

/** What every bus must do, in one process or between many. */
export function describeBus(create: CreateBuses): void {
  describeCalls(create)
  describeEvents(create)
}

/** What every bus between processes must do besides. */
export function describeRemoteBus(createBroker: CreateBroker): void {
  const create = () => createNetwork(createBroker)
  describeBus(create)
  describeRemoteCalls(create)
  describeRemoteEvents(create)
}
