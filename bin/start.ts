// `npm start`, or `npm start -- accounts users`: these parts of the product in this process.
import { once } from 'node:events'
import { readEnvironment } from '../kit/config.ts'
import { start } from './app.ts'
import { runCommand } from './run-command.ts'

await runCommand(async () => {
  await using app = await start(readEnvironment(), process.argv.slice(2))
  console.log(`Stoa runs at ${app.url}`)
  if (app.setupUrl) console.log(`Nobody is here yet. Make yourself the admin: ${app.setupUrl}`)
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
})
