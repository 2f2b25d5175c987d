// `npm run bench -- [rows] [--trials 3] [--seconds 10] [--huge]`: measures Stoa, and beside it what
// it is compared with; prints every trial and writes bench/results/<date>.json.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { type Figure, printFigures, type Row } from './lib/figure.ts'
import { httpLoadTool } from './lib/http-load.ts'
import { describeMachine } from './lib/machine.ts'
import { installPeers } from './lib/peers.ts'
import { start } from './p1-start.ts'
import { durableSends } from './p2-sends.ts'
import { fanOut } from './p3-fan-out.ts'
import { gatewayTax } from './p5-gateway.ts'
import { againstNest } from './p6-nest.ts'
import { loginStorm } from './p7-logins.ts'
import { refreshes } from './p8-refresh.ts'
import { pages } from './p9-pages.ts'
import { equalAnswers } from './r9-equal-answers.ts'

const rows: readonly Row[] = [
  start,
  durableSends,
  fanOut,
  gatewayTax,
  againstNest,
  loginStorm,
  refreshes,
  pages,
  equalAnswers,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trials: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    huge: { type: 'boolean', default: false },
  },
})
const settings = {
  trials: Number(values.trials),
  seconds: Number(values.seconds),
  huge: values.huge,
}
const unknown = positionals.filter((id) => !rows.some((row) => row.id === id))
if (unknown.length > 0) {
  const known = rows.map(({ id, title }) => `  ${id}  ${title}`).join('\n')
  console.error(`There is no row ${unknown.join(', ')}. There are:\n${known}`)
  process.exitCode = 1
} else {
  await measureAll(rows.filter(({ id }) => positionals.length === 0 || positionals.includes(id)))
}

async function measureAll(chosen: readonly Row[]): Promise<void> {
  installPeers()
  const machine = { ...describeMachine(), httpLoadTool }
  console.log(JSON.stringify(machine, null, 2))
  const startedAt = new Date().toISOString()
  const figures: Figure[] = []
  const failed: string[] = []
  for (const { id, title, measure } of chosen) {
    console.log(`\n${id} ${title}`)
    try {
      const measured = await measure(settings)
      printFigures(measured)
      figures.push(...measured)
    } catch (error) {
      failed.push(id)
      console.error(error)
    }
  }
  const folder = new URL('./results/', import.meta.url)
  fs.mkdirSync(folder, { recursive: true })
  const name = `${startedAt.slice(0, 16).replace(':', '')}Z.json`
  const result = { startedAt, settings, machine, failed, figures }
  fs.writeFileSync(new URL(name, folder), `${JSON.stringify(result, null, 2)}\n`)
  console.log(`\nWritten to bench/results/${name}`)
  if (failed.length > 0) process.exitCode = 1
}
