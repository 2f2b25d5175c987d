export type Latencies = { p50: number; p95: number; p99: number; max: number }

/** Summary of a list of milliseconds. */
export function summarize(samples: Float64Array | readonly number[]): Latencies {
  const sorted = Float64Array.from(samples).sort()
  return {
    p50: round(quantile(sorted, 0.5)),
    p95: round(quantile(sorted, 0.95)),
    p99: round(quantile(sorted, 0.99)),
    max: round(sorted.at(-1) ?? Number.NaN),
  }
}

/** Nearest rank: the value below or at which that share of the samples lies. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  if (sorted.length % 2 === 1) return upper
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits))
}
