import fs from 'node:fs'
import path from 'node:path'
import * as z from 'zod'
import { gatewayConfig } from '../gateway/config.ts'
import { socketSettings } from '../gateway/sockets/config.ts'
import { readConfig, setting } from '../kit/config.ts'
import { withSecrets } from './secrets.ts'
import { services } from './services.ts'

/** What concerns the process as a whole. */
export const processConfig = z.object({
  DATA_FOLDER: setting.text().default('data').describe('Folder for databases and secrets'),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least serious messages that are logged'),
})

type Environment = Readonly<Record<string, string | undefined>>

/** The settings of every part, by the name of the part. */
export const configSchemas: Readonly<Record<string, z.ZodObject>> = {
  process: processConfig,
  gateway: gatewayConfig,
  sockets: socketSettings,
  ...Object.fromEntries(
    services.flatMap(({ contract, config }) => (config ? [[contract.service, config]] : [])),
  ),
}

/** Reads everything once; what one process may choose for itself is chosen here. */
export function readAllConfig(environment: Environment) {
  const folder = processConfig.shape.DATA_FOLDER.parse(environment.DATA_FOLDER || undefined)
  const port = gatewayConfig.shape.PORT.safeParse(environment.PORT || undefined)
  const dataFolder = path.resolve(folder)
  fs.mkdirSync(dataFolder, { recursive: true })
  const complete: Environment = {
    ...withSecrets(dataFolder, environment),
    PUBLIC_URL: environment.PUBLIC_URL || `http://localhost:${port.data ?? 3000}`,
  }
  const parts = { process: processConfig, gateway: gatewayConfig, sockets: socketSettings }
  const settings = readConfig({ ...configSchemas, ...parts }, complete)
  const { process: own, gateway, sockets, ...services } = settings
  const ofServices: Readonly<Record<string, Record<string, unknown>>> = services
  return { dataFolder, logLevel: own.LOG_LEVEL, gateway, sockets, services: ofServices }
}
