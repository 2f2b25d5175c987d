import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMint } from './conformance/forgeries.ts'
import { runCases } from './lib/cases.ts'
import { httpOperations, openProduct, type Product } from './lib/product.ts'

const seed = Buffer.alloc(32, 7)
let product: Product

beforeAll(async () => {
  product = await openProduct({ SIGNING_KEY: seed.toString('base64') })
})

afterAll(() => product[Symbol.asyncDispose]())

test('whatever is asked, no answer is a failure of the server or other than documented', async () => {
  const mint = openMint(await product.tokenOf('member'), seed)

  const { wrong, succeeded, cases } = await runCases(product, mint, { cases: 2_000, seed: 1 })

  expect(wrong).toEqual([])
  expect(cases).toBe(2_000)
  expect(succeeded.length).toBeGreaterThan(httpOperations.length / 2)
}, 60_000)
