import type { OperationDefinition } from '../contract.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ServiceTokens } from './tokens.ts'
import type { Transport } from './transport.ts'

/** What both sides of a call between processes are made of. */
export type RemoteParts = {
  transport: Transport
  tokens: ServiceTokens
  versionOf: (definition: OperationDefinition) => string
  log: Logger
  metrics: Metrics
}
