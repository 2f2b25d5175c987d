// `npm run bench:split -- [rows] [--trials 3] [--seconds 10]`: what the bus costs between
// processes. Kafka and PostgreSQL must be running.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { type Figure, printFigures, type Row } from '../lib/figure.ts'
import { describeMachine } from '../lib/machine.ts'
import { installPeers } from '../lib/peers.ts'
import { calls } from './p12-calls.ts'
import { sends } from './p12b-sends.ts'
import { events } from './p13-events.ts'

const rows: readonly Row[] = [calls, sends, events]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trials: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
})
const settings = { trials: Number(values.trials), seconds: Number(values.seconds), huge: false }
installPeers()
const machine = describeMachine()
console.log(JSON.stringify(machine, null, 2))
const startedAt = new Date().toISOString()
const figures: Figure[] = []
for (const { id, title, measure } of rows) {
  if (positionals.length > 0 && !positionals.includes(id)) continue
  console.log(`\n${id}  ${title}`)
  figures.push(...(await measure(settings)))
}
console.log()
printFigures(figures)
const file = `bench/results/${startedAt.replaceAll(':', '-')}-split.json`
fs.writeFileSync(file, `${JSON.stringify({ startedAt, machine, figures }, null, 2)}\n`)
