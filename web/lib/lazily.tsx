import { type ComponentType, type ReactNode, useEffect, useState } from 'react'

/**
 * A component whose code is loaded when it is first shown; `warm` does so before, at the first hint
 * that it will be. What is there already is shown at once, which `Suspense` would put off.
 */
export function lazily<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile: ReactNode = null,
) {
  let loaded: ComponentType<Props> | undefined
  async function get(): Promise<ComponentType<Props>> {
    loaded ??= await load()
    return loaded
  }

  function Lazily(props: Props) {
    const [Shown, setShown] = useState(() => loaded)
    const [problem, setProblem] = useState<unknown>()
    useEffect(() => {
      if (!Shown) void get().then((Component) => setShown(() => Component), setProblem)
    }, [Shown])
    // To where a page that cannot be loaded is told of, too.
    if (problem !== undefined) throw problem
    return Shown ? <Shown {...props} /> : meanwhile
  }
  return Object.assign(Lazily, { warm: () => void get().catch(() => undefined) })
}
