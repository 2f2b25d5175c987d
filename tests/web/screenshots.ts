// `npm run screenshots`: every screen at both widths in both schemes, into the folder `screenshots`.
// With words, only the screens whose names hold one of them.
import fs from 'node:fs'
import path from 'node:path'
import { schemes, settle, widths } from './lib/browser.ts'
import { setup } from './lib/prepare.ts'
import { eachScreen } from './lib/visits.ts'

setup()
const folder = path.resolve(import.meta.dirname, '../../screenshots')
fs.mkdirSync(folder, { recursive: true })

const words = process.argv.slice(2)
const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word))
const views = Object.entries(widths).flatMap(([device, width]) =>
  schemes.map((scheme) => ({ name: `${device}-${scheme}`, width, scheme })),
)
await eachScreen(views, wanted, async ({ page, screen, view }) => {
  await settle(page)
  const file = `${screen.name}-${view.name}.png`
  await page.screenshot({ path: path.join(folder, file), animations: 'disabled' })
  console.log(file)
})
