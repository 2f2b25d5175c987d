import type { Metric, MetricValueWithName, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string>>

/** One line of a histogram: what is counted on every request, so it does no more than count. */
export type Series = {
  labels: Labels
  observe(seconds: number): void
  count(): number
}

export type Timings = {
  open(labels: Labels): Series
  all(): readonly Series[]
}

/**
 * A histogram whose lines are opened once and then only counted. prom-client's own looks its
 * labels up at every observation, which costs more than many a request.
 */
export function createTimings(
  registry: Registry,
  { name, help, bounds }: { name: string; help: string; bounds: readonly number[] },
): Timings {
  const lines: (Series & { values(): MetricValueWithName<string>[] })[] = []

  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: lines.flatMap((line) => line.values()),
    }),
    reset() {},
  }
  // The registry asks no more of a metric than this; its type demands prom-client's classes.
  registry.registerMetric(metric as unknown as Metric)

  function open(labels: Labels): Series {
    const buckets = new Float64Array(bounds.length + 1)
    let sum = 0
    let count = 0
    const line = {
      labels,
      observe(seconds: number) {
        let bucket = 0
        while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++
        buckets[bucket] = (buckets[bucket] ?? 0) + 1
        sum += seconds
        count++
      },
      count: () => count,
      values() {
        let below = 0
        const bucketValues = [...bounds, '+Inf'].map((le, index) => {
          below += buckets[index] ?? 0
          return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
        })
        return [
          ...bucketValues,
          { metricName: `${name}_sum`, labels, value: sum },
          { metricName: `${name}_count`, labels, value: count },
        ]
      },
    }
    lines.push(line)
    return line
  }

  return { open, all: () => lines }
}
