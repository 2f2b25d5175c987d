import { temporaryFolder } from '../../kit/testing.ts'
import { runCampaign } from '../lib/ledger.ts'

/** `npm run chaos -- 100`: so many kills, some 1 to 3 seconds apart, and a count in the end. */
const kills = Number(process.argv[2] ?? 30)
using folder = temporaryFolder()
const result = await runCampaign({
  folder: folder.path,
  kills,
  senders: 10,
  uptimeMs: () => 1_000 + Math.random() * 2_000,
  report: (line) => process.stdout.write(`${line}\n`),
})
const { lost, repeated, disordered, wronglyShown, acknowledged } = result
process.stdout.write(
  `${kills} kills, ${acknowledged} acknowledged: ${lost.length} lost, ${repeated.length} repeated, ` +
    `${disordered.length} out of order, ${wronglyShown.length} wrongly shown\n`,
)
if (lost.length + repeated.length + disordered.length + wronglyShown.length > 0) {
  process.stderr.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = 1
}
