import { temporaryFolder } from '../../kit/testing.ts'
import { runCampaign } from '../lib/ledger.ts'

/** `npm run chaos -- 100`: so many kills, 1 to 4 seconds apart, and a count in the end. */
const kills = Number(process.argv[2] ?? 30)
using folder = temporaryFolder()
const result = await runCampaign({
  folder: folder.path,
  kills,
  senders: 10,
  // Sessions are renewed all the time, so that kills meet that too.
  environment: { ACCESS_TOKEN_MINUTES: '1' },
  uptimeMs: () => 1_000 + Math.random() * 3_000,
  report: (line) => process.stdout.write(`${line}\n`),
})
const { lost, repeated, disordered, wronglyShown, signedOut, acknowledged } = result
const wrong = [...lost, ...repeated, ...disordered, ...wronglyShown, ...signedOut]
process.stdout.write(
  `${kills} kills, ${acknowledged} acknowledged: ${lost.length} lost, ${repeated.length} repeated, ` +
    `${disordered.length} out of order, ${wronglyShown.length} wrongly shown, ` +
    `${signedOut.length} signed out\n`,
)
if (wrong.length > 0) {
  process.stderr.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = 1
}
