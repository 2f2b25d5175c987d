import { useLayoutEffect, useRef, useState } from 'react'

// biome-ignore lint/suspicious/noExplicitAny: only a type that has `any` is satisfied by all functions.
type Functions = Record<string, (...args: any[]) => unknown>

/**
 * The same functions from render to render, each doing what the one of the latest render does:
 * what is given them is not drawn again because of them.
 */
export function useStable<F extends { [K in keyof F]: Functions[string] }>(functions: F): F {
  const latest = useRef(functions)
  useLayoutEffect(() => {
    latest.current = functions
  })
  const [stable] = useState(() => {
    const names = Object.keys(functions) as (keyof F)[]
    const entries = names.map((name) => [
      name,
      (...args: unknown[]) => latest.current[name](...args),
    ])
    return Object.fromEntries(entries) as F
  })
  return stable
}
