// `npm run chaos:cases -- 100000 [seed]`: so many generated requests against a server, and what it
// answered that it should not.
import { randomBytes } from 'node:crypto'
import { openMint } from '../conformance/forgeries.ts'
import { runCases } from '../lib/cases.ts'
import { httpOperations, openProduct } from '../lib/product.ts'

const cases = Number(process.argv[2] ?? 10_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const key = randomBytes(32)
await using product = await openProduct({ SIGNING_KEY: key.toString('base64') })
const mint = openMint(await product.tokenOf('member'), key)
const { wrong, succeeded, byStatus } = await runCases(product, mint, {
  cases,
  seed,
  report: (line) => process.stdout.write(`${line}\n`),
})
process.stdout.write(
  `seed ${seed}: ${cases} requests, ${JSON.stringify(byStatus)}, ${succeeded.length} of ` +
    `${httpOperations.length} operations succeeded, ${wrong.length} answers wrong\n`,
)
for (const each of wrong) process.stderr.write(`${each}\n`)
if (wrong.length > 0) process.exitCode = 1
