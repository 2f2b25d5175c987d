import { pathToFileURL } from 'node:url'
import { peersFolder } from '../lib/peers.ts'
import { forkWorker } from './fork.ts'
import { createPlace } from './place.ts'

export const nestProgram = pathToFileURL(`${peersFolder}/nest-kafka.js`)

/** The same load in NestJS: the one process loads, and starts the other one itself. */
export async function measureNest<Result>(
  role: 'calls' | 'emits',
  seconds: number,
): Promise<Result> {
  await using place = await createPlace('sqlite')
  await using loader = await forkWorker(place, role, nestProgram)
  return (await loader.ask(String(seconds))) as Result
}
