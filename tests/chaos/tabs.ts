// `npm run chaos:tabs -- 100000 [seed]`: so many bursts of refreshing tabs against the accounts
// service on a real store, with a clock of their own, and a count in the end.
import { mock } from 'node:test'
import { testService } from '../../kit/testing.ts'
import { accountsService } from '../../services/accounts/index.ts'
import { createRandom, runBrowsers, summarize } from '../lib/browsers.ts'

const rounds = Number(process.argv[2] ?? 10_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const person = {
  username: 'ada',
  email: 'ada@example.org',
  password: 'difference engine 2',
}
await using service = await testService(accountsService, {
  environment: {
    SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
    SETUP_CODE: 'let me in first',
    MAX_SESSIONS: '100',
    REFRESH_TOKEN_DAYS: '365',
  },
})
await service.anonymous.completeSetup({
  ...person,
  siteName: 'Agora',
  setupCode: 'let me in first',
})

let now = Date.now()
mock.timers.enable({ apis: ['Date'], now })
const result = await runBrowsers({
  rounds,
  browsers: 64,
  burstsPerTheft: 200,
  graceMs: 10_000,
  random: createRandom(seed),
  pass(ms) {
    now += ms
    mock.timers.setTime(now)
  },
  async signIn() {
    const { username: identifier, password } = person
    const answer = await service.anonymous.login({ identifier, password })
    return answer.refreshToken ?? ''
  },
  async refresh(refreshToken) {
    const answer = await service.anonymous.refresh({ refreshToken })
    return answer.refreshToken
  },
  report: (line) => process.stdout.write(`${line}\n`),
})
mock.timers.reset()
process.stdout.write(`seed ${seed}: ${JSON.stringify(summarize(result))}\n`)
if (result.falseLogOuts.length + result.unnoticed.length > 0) {
  process.stderr.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = 1
}
