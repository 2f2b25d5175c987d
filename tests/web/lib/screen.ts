import type { Page } from 'playwright-core'
import type { SomeOne } from './site.ts'

/** One screen, for the pictures and for axe. */
export type ScreenShot = {
  name: string
  /** Whose browser it is: nobody's, Ana's, or the admin's. */
  as: 'visitor' | 'person' | 'admin'
  /**
   * Which installation it is on: one that has people on it unless said otherwise, one that nobody
   * has set up yet, or one that asks everybody to confirm the e-mail address.
   */
  site?: 'new' | 'strict'
  /** An address, or what brings a page there. */
  at: string | ((page: Page, who: SomeOne | undefined) => Promise<unknown>)
  /** A selector of what is there once the screen is complete. */
  shows: string
}

/** Brings a page to a screen and waits until it is complete. */
export async function goTo(page: Page, screen: ScreenShot, who?: SomeOne): Promise<void> {
  if (typeof screen.at === 'string') await page.goto(screen.at)
  else await screen.at(page, who)
  await page.locator(screen.shows).filter({ visible: true }).first().waitFor()
  // What is shown may belong to the frame, and be there before what is inside of it.
  await page.locator('[role=status][data-as]').first().waitFor({ state: 'detached' })
}
