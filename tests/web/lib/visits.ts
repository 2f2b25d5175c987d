import type { Page } from 'playwright-core'
import type { View } from './browser.ts'
import { goTo, type ScreenShot } from './screen.ts'
import { screens } from './screens.ts'
import { openSite, type Site, type SomeOne } from './site.ts'

type NamedView = View & { name: string }
export type Visit<V extends NamedView> = { page: Page; screen: ScreenShot; view: V; site: Site }

const names = { person: 'ana', admin: 'admin' } as const

/** Shows every screen that is wanted in every view, before servers with people on them. */
export async function eachScreen<V extends NamedView>(
  views: readonly V[],
  isWanted: (name: string) => boolean,
  look: (visit: Visit<V>) => Promise<void>,
): Promise<void> {
  const wanted = screens.filter(({ name }) => isWanted(name))
  const usual = wanted.filter(({ site }) => site === undefined)
  const strict = wanted.filter(({ site }) => site === 'strict')
  const fresh = wanted.filter(({ site }) => site === 'new')

  if (usual.length > 0) {
    await using site = await openSite()
    await (await site.person('ana')).context.close()
    for (const view of views) await show(site, usual, view, look)
  }
  if (strict.length > 0) {
    await using site = await openSite({ environment: { REQUIRE_EMAIL_CONFIRMATION: 'true' } })
    await (await site.person('ana')).context.close()
    for (const view of views) await show(site, strict, view, look)
  }
  if (fresh.length > 0) {
    for (const view of views) {
      // To look at a set-up is to make it, which can be done once.
      await using site = await openSite({ setUp: false })
      await show(site, fresh, view, look)
    }
  }
}

async function show<V extends NamedView>(
  site: Site,
  wanted: readonly ScreenShot[],
  view: V,
  look: (visit: Visit<V>) => Promise<void>,
): Promise<void> {
  const browsers = new Map<ScreenShot['as'], { page: Page; who?: SomeOne }>()

  async function open(as: ScreenShot['as']): Promise<{ page: Page; who?: SomeOne }> {
    if (as === 'visitor') return { page: (await site.visitor(view)).page }
    const who = await site.signedIn(names[as], view)
    return { page: who.page, who }
  }

  for (const screen of wanted) {
    const browser = browsers.get(screen.as) ?? (await open(screen.as))
    browsers.set(screen.as, browser)
    await goTo(browser.page, screen, browser.who)
    await look({ page: browser.page, screen, view, site })
  }
  for (const { page } of browsers.values()) await page.context().close()
}
