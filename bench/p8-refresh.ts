import { atLeast, plainFigure, type Row, repeat } from './lib/figure.ts'
import { runLoad } from './lib/processes.ts'
import { createPeople, startStoa } from './lib/stoa.ts'
import type { RefreshInput, RefreshOutput } from './p8-refresh-load.ts'

const sessions = 50

export const refreshes: Row = {
  id: 'P8',
  title: 'Refresh with rotation and detection of theft',
  async measure({ trials, seconds }) {
    const results = await repeat(trials, () => measureStoa(seconds))
    const rate = {
      row: 'P8',
      unit: '/s',
      trials: results,
      stoa: ({ perSecond }: RefreshOutput) => perSecond,
      conditions: {
        clients: `${sessions} sessions of ${sessions} users, each refreshing in a loop, tokens in the body`,
        durability: 'the rotation is on disk before the answer',
        load: 'process of its own, closed loop, kept-alive HTTP',
      },
    }
    return [
      plainFigure({ ...rate, name: 'refreshes', target: atLeast(3_000) }),
      plainFigure({ ...rate, name: 'refreshes, stretch', target: atLeast(8_000) }),
      plainFigure({
        ...rate,
        name: 'server CPU per refresh',
        unit: 'µs',
        stoa: ({ serverMicrosecondsPerRefresh }) => serverMicrosecondsPerRefresh,
      }),
      plainFigure({
        ...rate,
        name: 'latency of a refresh, p99',
        unit: 'ms',
        stoa: ({ latency }) => latency.p99,
      }),
    ]
  },
}

async function measureStoa(seconds: number): Promise<RefreshOutput> {
  await using stoa = await startStoa()
  const people = await createPeople(stoa.port, sessions)
  const input: RefreshInput = {
    port: stoa.port,
    serverPid: stoa.pid,
    refreshTokens: people.map(({ refreshToken }) => refreshToken),
    seconds,
  }
  return await runLoad(new URL('./p8-refresh-load.ts', import.meta.url), input)
}
