import { median, round } from './statistics.ts'

/** One measured number, what it is compared with, and the trials that it is the median of. */
export type Figure = {
  row: string
  name: string
  unit: string
  stoa: number
  reference?: { name: string; value: number }
  ratio?: number
  target?: { text: string; met: boolean }
  /** Durability, payload, clients: whatever the number would be meaningless without. */
  conditions: Readonly<Record<string, string | number>>
  trials: readonly unknown[]
}

export type Settings = {
  trials: number
  seconds: number
  /** Also the sizes that take many minutes. */
  huge: boolean
}

export type Row = {
  id: string
  title: string
  measure(settings: Settings): Promise<Figure[]>
}

export type Target = { text: string; accepts(value: number): boolean }

export function atMost(limit: number): Target {
  return { text: `≤ ${limit}`, accepts: (value) => value <= limit }
}

export function atLeast(limit: number): Target {
  return { text: `≥ ${limit}`, accepts: (value) => value >= limit }
}

export function between(low: number, high: number): Target {
  return { text: `${low} to ${high}`, accepts: (value) => value >= low && value <= high }
}

type Plain<Trial> = {
  row: string
  name: string
  unit: string
  conditions: Figure['conditions']
  trials: readonly Trial[]
  stoa: (trial: Trial) => number
  target?: Target
}

/** A figure with a target of its own: the median of the trials is judged. */
export function plainFigure<Trial>({ stoa, target, ...rest }: Plain<Trial>): Figure {
  const value = median(rest.trials.map(stoa))
  return {
    ...rest,
    stoa: round(value),
    ...(target && { target: { text: target.text, met: target.accepts(value) } }),
  }
}

type Compared<Trial> = Plain<Trial> & {
  reference: { name: string; value: (trial: Trial) => number }
}

/** A figure that is judged by the median ratio of Stoa to a reference in the same trial. */
export function comparedFigure<Trial>(options: Compared<Trial>): Figure {
  const { stoa, reference, target, ...rest } = options
  const ratio = median(rest.trials.map((trial) => stoa(trial) / reference.value(trial)))
  return {
    ...rest,
    stoa: round(median(rest.trials.map(stoa))),
    reference: { name: reference.name, value: round(median(rest.trials.map(reference.value))) },
    ratio: round(ratio),
    ...(target && { target: { text: `ratio ${target.text}`, met: target.accepts(ratio) } }),
  }
}

/** Runs both sides in every trial, and lets them take turns at going first. */
export async function alternate<Stoa, Reference>(
  trials: number,
  measureStoa: () => Promise<Stoa>,
  measureReference: () => Promise<Reference>,
): Promise<{ stoa: Stoa; reference: Reference }[]> {
  const results: { stoa: Stoa; reference: Reference }[] = []
  for (let trial = 0; trial < trials; trial += 1) {
    if (trial % 2 === 0) {
      const stoa = await measureStoa()
      results.push({ stoa, reference: await measureReference() })
    } else {
      const reference = await measureReference()
      results.push({ stoa: await measureStoa(), reference })
    }
    console.log(`  trial ${trial + 1}: ${JSON.stringify(results.at(-1))}`)
  }
  return results
}

/** Runs what has no reference. */
export async function repeat<Result>(
  trials: number,
  measure: () => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let trial = 1; trial <= trials; trial += 1) {
    results.push(await measure())
    console.log(`  trial ${trial}: ${JSON.stringify(results.at(-1))}`)
  }
  return results
}

/** Prints one line for each figure, and what they were measured under once. */
export function printFigures(figures: readonly Figure[]): void {
  let described = ''
  for (const { row, name, unit, stoa, reference, ratio, target, conditions } of figures) {
    const parts = [
      `${row}  ${name}: Stoa ${stoa} ${unit}`,
      reference && `${reference.name} ${reference.value} ${unit}`,
      ratio !== undefined && `ratio ${ratio}`,
      target && `target ${target.text}: ${target.met ? 'met' : 'MISSED'}`,
    ]
    const description = Object.entries(conditions)
      .map(([key, value]) => `    ${key}: ${value}`)
      .join('\n')
    if (description !== described) console.log(description)
    described = description
    console.log(parts.filter(Boolean).join('  |  '))
  }
}
