import { expect, test } from 'vitest'
import { schemes, widths } from './lib/browser.ts'
import { findFaults } from './lib/faults.ts'

test('every screen can be used by everybody on a phone', { timeout: 600_000 }, async () => {
  const views = schemes.map((scheme) => ({ name: scheme, width: widths.phone, scheme }))

  expect(await findFaults(views)).toEqual([])
})

test('every screen can be used at 200 % zoom', { timeout: 600_000 }, async () => {
  // A window of 1280 by 800 pixels shows half as many each way at twice the size.
  const views = [{ name: 'zoomed', width: 640, height: 400 }]

  expect(await findFaults(views)).toEqual([])
})
