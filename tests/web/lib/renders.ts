import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'

/** How often which parts of the app were drawn: by the names that `tellParts` gives them. */
export type Renders = Record<string, number>

/**
 * Counts what React draws in every page of a context, through the hook that React offers its
 * development tools. Parts are told by what they are given, because a build shortens their names.
 */
export async function countRenders(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    type Fiber = {
      tag: number
      flags: number
      key: string | null
      memoizedProps: Record<string, unknown> | null
      alternate: Fiber | null
      child: Fiber | null
      sibling: Fiber | null
    }
    const renders: Record<string, number> = {}
    Object.assign(window, { renders })

    function nameOf({ key, memoizedProps: props }: Fiber): string | undefined {
      if (!props) return undefined
      if (typeof props.conversationId === 'string' && key === props.conversationId) return 'row'
      if (typeof props.rowKey === 'string' && key === props.rowKey) return 'message'
      if ('isAlone' in props) return 'list'
      return undefined
    }

    function walk(next: Fiber, before: Fiber): void {
      const isFunction = [0, 11, 14, 15].includes(next.tag)
      const name = isFunction && (next.flags & 1) !== 0 ? nameOf(next) : undefined
      if (name) renders[name] = (renders[name] ?? 0) + 1
      if (next.child === before.child) return
      for (let child = next.child; child; child = child.sibling) {
        if (child.alternate) walk(child, child.alternate)
        else mount(child)
      }
    }
    function mount(fiber: Fiber): void {
      const name = [0, 11, 14, 15].includes(fiber.tag) ? nameOf(fiber) : undefined
      if (name) renders[name] = (renders[name] ?? 0) + 1
      for (let child = fiber.child; child; child = child.sibling) mount(child)
    }
    Object.assign(window, {
      __REACT_DEVTOOLS_GLOBAL_HOOK__: {
        supportsFiber: true,
        renderers: new Map(),
        inject: () => 1,
        checkDCE: () => undefined,
        onCommitFiberUnmount: () => undefined,
        onPostCommitFiberRoot: () => undefined,
        onCommitFiberRoot(_: number, { current }: { current: Fiber }) {
          if (current.alternate) walk(current, current.alternate)
        },
      },
    })
  })
}

/** What was drawn while something happened. */
export async function rendersOf(page: Page, happen: () => Promise<unknown>): Promise<Renders> {
  const read = () => page.evaluate('({ ...window.renders })') as Promise<Renders>
  const before = await read()
  await happen()
  const after = await read()
  const names = Object.keys(after)
  return Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]))
}

/** Waits until nothing more is drawn: from one look to the next, half a second later. */
export async function nothingDrawn(page: Page): Promise<void> {
  let before: string | undefined
  async function isSame(): Promise<boolean> {
    const now = JSON.stringify(await page.evaluate('window.renders'))
    const same = now === before
    before = now
    return same
  }
  await expect.poll(isSame, { interval: 500 }).toBe(true)
}
