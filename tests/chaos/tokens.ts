// `npm run chaos:tokens -- FILE…`: shows every token of Wycheproof's vectors for JSON Web
// Signatures, valid ones included, at every door of a server. They are found in the project's
// repository as testvectors_v1/json_web_signature_test.json; none is signed by a key of ours, so
// not one may be accepted.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import * as z from 'zod'
import { openDoors } from '../conformance/doors.ts'

const Vectors = z.object({
  testGroups: z.array(
    z.object({
      comment: z.string().optional(),
      tests: z.array(z.object({ tcId: z.number(), comment: z.string(), jws: z.string() })),
    }),
  ),
})

const vectors = process.argv
  .slice(2)
  .flatMap((file) => Vectors.parse(JSON.parse(fs.readFileSync(file, 'utf8'))).testGroups)
  .flatMap(({ tests, comment: group }) => tests.map((test) => ({ ...test, group })))

await using doors = await openDoors(randomBytes(32))
if ((await doors.tryAll(doors.token)).length > 0) throw new Error('An honest token was refused')

let wrong = 0
for (const { tcId, group, comment, jws } of vectors) {
  const refusals = await doors.tryAll(jws)
  for (const door of doors.names) {
    const refusal = refusals.find((each) => each.door === door)
    if (refusal?.proper) continue
    wrong += 1
    const answer = refusal ? JSON.stringify(refusal.answer) : 'accepted'
    process.stderr.write(`${tcId} ${group} ${comment}, ${door}: ${answer}\n`)
  }
}
process.stdout.write(
  `${vectors.length} tokens at ${doors.names.length} doors: ${wrong} not refused as they should be\n`,
)
if (wrong > 0 || vectors.length === 0) process.exitCode = 1
