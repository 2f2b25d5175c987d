import {
  type Browser,
  type BrowserContext,
  chromium as engine,
  type Page,
  type WebSocket,
} from 'playwright-core'
import { expect } from 'vitest'

/** Where Debian puts it. */
export const chromium = '/usr/bin/chromium'

export type Scheme = 'light' | 'dark'
export const schemes: readonly Scheme[] = ['light', 'dark']
export const widths = { phone: 360, desk: 1280 } as const
const heights: Readonly<Record<number, number>> = { 360: 740 }

export type View = {
  /** Pixels; 1280 unless given. */
  width?: number
  /** Pixels; what goes with the width unless given. */
  height?: number
  scheme?: Scheme
  /** Language of the browser: `es-ES`; English unless given. */
  locale?: string
  reducedMotion?: 'reduce' | 'no-preference'
}

export function openBrowser(): Promise<Browser> {
  return engine.launch({
    executablePath: chromium,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A browser of somebody's own: no cookie and no storage is shared with another. */
export async function openContext(
  browser: Browser,
  baseURL: string,
  { width = widths.desk, height, scheme = 'light', locale = 'en-GB', reducedMotion }: View = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL,
    viewport: { width, height: height ?? heights[width] ?? 800 },
    colorScheme: scheme,
    locale,
    timezoneId: 'UTC',
    reducedMotion: reducedMotion ?? 'reduce',
    hasTouch: width < 600,
  })
  context.setDefaultTimeout(20_000)
  return context
}

const connections = new WeakMap<Page, Set<WebSocket>>()

/** Keeps count of the live connections that each page of a browser has. */
export function watchConnections(context: BrowserContext): void {
  context.on('page', (page) => {
    const open = new Set<WebSocket>()
    connections.set(page, open)
    // Those of the page before are not said to be closed.
    page.on('domcontentloaded', () => open.clear())
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).startsWith('42/chat,["connected"')) open.add(socket)
      })
      socket.on('close', () => void open.delete(socket))
    })
  })
}

/** Waits until a page hears what happens: before, it is told of much only afterwards. */
export async function connected(page: Page): Promise<void> {
  await expect.poll(() => connections.get(page)?.size ?? 0).toBeGreaterThan(0)
}

/**
 * Notes what a browser complains of that it never should: scripts that fail, and whatever the
 * policy of the server (CSP) forbids, and requests to anywhere but the site.
 */
export async function noteComplaints(
  context: BrowserContext,
  url: string,
  complaints: string[],
): Promise<void> {
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (origin !== url && protocol.startsWith('http')) complaints.push(`asked ${request.url()}`)
  })
  await context.exposeBinding('noteViolation', (_, text: string) => void complaints.push(text))
  await context.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) => {
      window.noteViolation(
        'CSP: ' + event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample)
    })`)
  context.on('weberror', (error) => {
    complaints.push(error.error().stack ?? error.error().message)
  })
  context.on('console', (message) => {
    // Answers that refuse something are told too, and are not a mistake of the page.
    const isAnswer = message.text().startsWith('Failed to load resource')
    const isConnection = /WebSocket connection|net::ERR_/.test(message.text())
    if (message.type() === 'error' && !isAnswer && !isConnection) complaints.push(message.text())
  })
}

/** Waits until nothing moves: fonts are there, and no animation runs. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    await document.fonts.ready
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))
  })()`)
}
