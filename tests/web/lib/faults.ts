import { axe } from './axe.ts'
import type { View } from './browser.ts'
import { eachScreen } from './visits.ts'

/** How much wider than the window the page is, and how many main parts and headings it has. */
const layout = `({
  sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  mains: document.querySelectorAll('main').length,
})`

type Layout = { sideways: number; mains: number }

/** What is wrong with any screen in these views, by axe and by its layout; empty is good. */
export async function findFaults(views: readonly (View & { name: string })[]): Promise<string[]> {
  const faults = new Set<string>()
  await eachScreen(
    views,
    () => true,
    async ({ page, screen, view, site }) => {
      const where = `${screen.name}, ${view.name}:`
      for (const finding of await axe(page)) faults.add(`${where} ${finding}`)
      const { sideways, mains } = (await page.evaluate(layout)) as Layout
      if (sideways > 0) faults.add(`${where} ${sideways} px wider than the window`)
      if (mains !== 1) faults.add(`${where} ${mains} main parts`)
      for (const complaint of site.complaints) faults.add(complaint)
    },
  )
  return [...faults]
}
