import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

async function linesOf(metrics: ReturnType<typeof createMetrics>) {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => line.includes('stoa_call_duration_seconds'))
}

test('calls are a histogram by service, operation and outcome', async () => {
  const metrics = createMetrics()
  const timer = metrics.call('shop', 'buy')

  timer('ok', 1)
  timer('ok', 30)
  timer('ok', 60_000)
  timer('not_found', 2)

  const lines = await linesOf(metrics)
  const ok = 'service="shop",operation="buy",code="ok"'
  expect(lines).toContain('# TYPE stoa_call_duration_seconds histogram')
  expect(lines).toContain(`stoa_call_duration_seconds_bucket{${ok},le="0.001"} 1`)
  expect(lines).toContain(`stoa_call_duration_seconds_bucket{${ok},le="0.025"} 1`)
  expect(lines).toContain(`stoa_call_duration_seconds_bucket{${ok},le="0.05"} 2`)
  expect(lines).toContain(`stoa_call_duration_seconds_bucket{${ok},le="5"} 2`)
  expect(lines).toContain(`stoa_call_duration_seconds_bucket{${ok},le="+Inf"} 3`)
  expect(lines).toContain(`stoa_call_duration_seconds_sum{${ok}} 60.031`)
  expect(lines).toContain(`stoa_call_duration_seconds_count{${ok}} 3`)
  expect(lines).toContain(
    'stoa_call_duration_seconds_count{service="shop",operation="buy",code="not_found"} 1',
  )
})

test('what was never called has no lines', async () => {
  const metrics = createMetrics()
  metrics.call('shop', 'buy')

  const lines = await linesOf(metrics)

  expect(lines.every((line) => line.startsWith('#'))).toBe(true)
})
