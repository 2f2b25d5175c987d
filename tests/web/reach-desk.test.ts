import { expect, test } from 'vitest'
import { schemes, widths } from './lib/browser.ts'
import { findFaults } from './lib/faults.ts'

test('every screen can be used by everybody at a desk', { timeout: 600_000 }, async () => {
  const views = schemes.map((scheme) => ({ name: scheme, width: widths.desk, scheme }))

  expect(await findFaults(views)).toEqual([])
})
