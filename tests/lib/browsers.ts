import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../kit/failure.ts'

export type BrowsersOptions = {
  /** Bursts of refreshing tabs, over all browsers. */
  rounds: number
  browsers: number
  /** A thief comes, on average, after so many bursts; early and late ones each. */
  burstsPerTheft: number
  /** How long a token counts after it was replaced. */
  graceMs: number
  random: (below: number) => number
  /** Lets time pass, for the server and all browsers. */
  pass(ms: number): void
  /** Begins a session; answers with its refresh token. */
  signIn(): Promise<string>
  /** Answers with the token that comes next, or with none when the one that was shown goes on. */
  refresh(token: string): Promise<string | undefined>
  report?: (line: string) => void
}

export type BrowsersResult = {
  rounds: number
  refreshes: number
  /** Refusals that an honest browser met. */
  falseLogOuts: string[]
  replays: number
  /** Replays that did not end the session, or were not called by their name. */
  unnoticed: string[]
}

/** Two to eight tabs that share one cookie jar. */
type Browser = {
  tabs: number
  jar: string
  /** Every token that any tab has been given, oldest first. */
  held: string[]
  requests: string[]
  /** Empty where an answer leaves the jar as it is. */
  answers: string[]
  more: number
}

/** The same numbers at every run. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * Browsers whose tabs refresh at random, for years of their time. Requests arrive in the order in
 * which they were sent; answers come in any order or get lost, and then the tab asks again. From
 * the first request of a burst to the last answer it takes less than the grace. Now and then a
 * thief shows a token that has been replaced.
 */
export async function runBrowsers(options: BrowsersOptions): Promise<BrowsersResult> {
  const { rounds, graceMs, random, pass, signIn, report = () => undefined } = options
  const isRobbed = () => random(options.burstsPerTheft) === 0
  const result: BrowsersResult = {
    rounds: 0,
    refreshes: 0,
    falseLogOuts: [],
    replays: 0,
    unnoticed: [],
  }
  const crowd = await Promise.all(Array.from({ length: options.browsers }, open))

  while (result.rounds < rounds) {
    for (const browser of crowd) begin(browser)
    for (let left = graceMs - 1_000; crowd.some(isBusy); ) {
      const step = Math.min(random(300), left)
      left -= step
      pass(step)
      await Promise.all(crowd.map(act))
    }
    result.rounds += crowd.length
    await Promise.all(crowd.filter(isRobbed).map(replayEarly))
    // The next burst comes at once, or long after.
    pass(random(2) === 0 ? random(2_000) : graceMs + random(20 * 60_000))
    const robbed = crowd.filter(isRobbed)
    if (robbed.length > 0) {
      await Promise.all(robbed.map(settle))
      pass(graceMs)
      await Promise.all(robbed.map(replayLate))
    }
    if (result.rounds % 1_000 < crowd.length) report(JSON.stringify(summarize(result)))
  }
  return result

  async function open(): Promise<Browser> {
    const jar = await insist(signIn)
    return { tabs: 2 + random(7), jar, held: [jar], requests: [], answers: [], more: 0 }
  }

  function begin(browser: Browser): void {
    browser.requests = Array.from({ length: 1 + random(browser.tabs) }, () => browser.jar)
    browser.more = random(12)
  }

  /** One thing happens in a browser: a tab asks, requests arrive, or an answer does. */
  async function act(browser: Browser): Promise<void> {
    const { requests, answers } = browser
    if (!isBusy(browser)) return
    if (browser.more > 0 && random(3) === 0) {
      browser.more--
      requests.push(browser.jar)
    } else if (requests.length > 0 && random(2) === 0) {
      const together = requests.splice(0, 1 + random(3))
      const given = await Promise.all(together.map((token) => refreshHonestly(browser, token)))
      answers.push(...given.filter((token) => token !== undefined))
    } else if (answers.length > 0) {
      const [answer = ''] = answers.splice(random(answers.length), 1)
      if (answer && !browser.held.includes(answer)) browser.held.push(answer)
      if (random(4) === 0) requests.push(browser.jar)
      else if (answer) browser.jar = answer
    }
  }

  async function refreshHonestly(browser: Browser, token: string): Promise<string | undefined> {
    result.refreshes++
    try {
      return (await insist(() => options.refresh(token))) ?? ''
    } catch (error) {
      result.falseLogOuts.push(`round ${result.rounds}: ${codeOf(error)}`)
      await startOver(browser)
      return undefined
    }
  }

  /** Makes the token in the jar the newest that there is. */
  async function settle(browser: Browser): Promise<void> {
    const next = await refreshHonestly(browser, browser.jar)
    if (next) browser.jar = next
  }

  /** Within the grace: the token before the last may still be on its way, older ones may not. */
  async function replayEarly(browser: Browser): Promise<void> {
    const older = browser.held.slice(0, Math.max(0, browser.held.indexOf(browser.jar) - 1))
    if (older.length > 0) await replay(browser, older)
  }

  /** After the grace: nothing counts but the last token. */
  async function replayLate(browser: Browser): Promise<void> {
    await replay(
      browser,
      browser.held.filter((token) => token !== browser.jar),
    )
  }

  async function replay(browser: Browser, stolen: readonly string[]): Promise<void> {
    const token = stolen[random(stolen.length)]
    if (token === undefined) return
    result.replays++
    const thief = await insist(() => options.refresh(token)).then(() => 'accepted', codeOf)
    const victim = await insist(() => options.refresh(browser.jar)).then(() => 'accepted', codeOf)
    if (thief !== 'refresh_token_reused' || victim !== 'refresh_token_invalid') {
      result.unnoticed.push(`round ${result.rounds}: thief ${thief}, victim ${victim}`)
    }
    await startOver(browser)
  }

  async function startOver(browser: Browser): Promise<void> {
    Object.assign(browser, await open())
  }
}

function isBusy({ requests, answers }: Browser): boolean {
  return requests.length + answers.length > 0
}

/** Asks again while the server is too busy, as the client does: that is no refusal. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (codeOf(error) !== 'unavailable') throw error
      await pause(100)
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.code
  throw error
}

/** The counts of a result. */
export function summarize({ rounds, refreshes, falseLogOuts, replays, unnoticed }: BrowsersResult) {
  return {
    rounds,
    refreshes,
    falseLogOuts: falseLogOuts.length,
    replays,
    unnoticed: unnoticed.length,
  }
}
