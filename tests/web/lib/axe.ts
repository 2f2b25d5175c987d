import engine from 'axe-core'
import type { Page } from 'playwright-core'
import { settle } from './browser.ts'

type Found = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }

/**
 * What axe finds wrong with the page as it is now; empty is good. It comes in by the debugger,
 * which the policy of the server does not concern.
 */
export async function axe(page: Page): Promise<string[]> {
  await settle(page)
  await page.evaluate(engine.source)
  const found = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)`,
  )) as Found[]
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`),
  )
}
