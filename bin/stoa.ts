// `npm run stoa -- <command>`: what is done to an installation from outside.
import { type Environment, readEnvironment } from '../kit/config.ts'
import { createLog } from '../kit/log.ts'
import { readStorageConfig } from './config.ts'
import { openStores } from './databases.ts'
import { migrateAll, migrateUsage } from './migrate.ts'
import { move, moveUsage } from './move/index.ts'
import { Problem } from './problem.ts'
import { runCommand } from './run-command.ts'
import { prepareTopics, topicsUsage } from './topics.ts'

type Command = (words: readonly string[], environment: Environment) => Promise<void>

const say = (line: string) => console.log(line)

const commands: Readonly<Record<string, Command>> = {
  async migrate(words, environment) {
    if (words.length > 0) throw new Problem(`migrate takes nothing: ${words.join(' ')}.`)
    const config = readStorageConfig(environment)
    await migrateAll(await openStores(config), say, createLog(config.logLevel))
  },
  topics: (words, environment) => prepareTopics(words, environment, say),
  move: (words, environment) => move(words, environment, say),
}

const usage = ['Commands:', migrateUsage, topicsUsage, moveUsage].join('\n\n')

await runCommand(async () => {
  const [name = '', ...words] = process.argv.slice(2)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new Problem(name ? `There is no command ${name}.\n\n${usage}` : usage)
  await command(words, readEnvironment())
})
