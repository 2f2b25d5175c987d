import { between, comparedFigure, type Row, repeat } from './lib/figure.ts'
import { type Connection, connectHttp } from './lib/http.ts'
import { median, round } from './lib/statistics.ts'
import { createPeople, startStoa } from './lib/stoa.ts'

type Question = { path: string; body: Record<string, unknown>; status: number }

/** Two questions of which nobody may tell by the time which one was asked. */
type Pair = { name: string; known: () => Question; unknown: () => Question }

type Trial = Record<string, { known: number; unknown: number; pairs: number }>

const names = ['sign-in by name', 'sign-in by e-mail', 'sign-up with an e-mail']

export const equalAnswers: Row = {
  id: 'R9',
  title: 'As long for a known person as for an unknown one',
  async measure({ trials, seconds }) {
    const results = await repeat(trials, () => measureStoa(seconds))
    return names.map((name) =>
      comparedFigure({
        row: 'R9',
        name: `median of ${name}, known`,
        unit: 'ms',
        trials: results,
        stoa: (trial) => trial[name]?.known ?? Number.NaN,
        reference: { name: 'unknown', value: (trial) => trial[name]?.unknown ?? Number.NaN },
        target: between(0.95, 1.05),
        conditions: {
          clients: 'one, one request at a time, pairs of questions in random order',
          password: 'wrong at sign-in, good at sign-up; hashed as by default',
          durability: 'what is stored is on disk before the answer',
        },
      }),
    )
  },
}

async function measureStoa(seconds: number): Promise<Trial> {
  await using stoa = await startStoa()
  const [person] = await createPeople(stoa.port, 1)
  if (!person) throw new Error('Nobody signed up')
  const connection = await connectHttp(stoa.port)
  const pairs = pairsFor(person.username).map((pair) => ({
    ...pair,
    times: { known: [] as number[], unknown: [] as number[] },
  }))
  const until = performance.now() + seconds * 1000
  let asked = 0
  while (performance.now() < until) {
    // In a fixed order each question would always bear what the same one before it left to do;
    // and one right after the other, so that both bear what else the machine does.
    const pair = pairs[Math.floor(Math.random() * pairs.length)]
    if (!pair) break
    const sides =
      Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const side of sides) {
      const ms = await timeOf(connection, pair[side]())
      // The first ones warm the server up.
      if (asked >= 30) pair.times[side].push(ms)
    }
    asked += 1
  }
  connection.close()
  return Object.fromEntries(
    pairs.map(({ name, times: { known, unknown } }) => [
      name,
      { known: round(median(known)), unknown: round(median(unknown)), pairs: known.length },
    ]),
  )
}

function pairsFor(username: string): Pair[] {
  let count = 0
  const someone = () => {
    count += 1
    return `nobody${String(count).padStart(6, '0')}`
  }
  const password = 'Wrong-horse-battery-9'
  const signIn = (identifier: string): Question => ({
    path: '/auth/login',
    body: { identifier, password },
    status: 401,
  })
  const signUp = (email: string, status: number): Question => ({
    path: '/auth/register',
    body: { username: someone(), email, password, termsAccepted: true },
    status,
  })
  const [byName = '', byMail = '', bySignUp = ''] = names
  return [
    {
      name: byName,
      known: () => signIn(username),
      unknown: () => signIn(someone()),
    },
    {
      name: byMail,
      known: () => signIn(`${username}@bench.example`),
      unknown: () => signIn(`${someone()}@bench.example`),
    },
    {
      name: bySignUp,
      known: () => signUp(`${username}@bench.example`, 409),
      unknown: () => signUp(`${someone()}@bench.example`, 201),
    },
  ]
}

async function timeOf(connection: Connection, { path, body, status }: Question): Promise<number> {
  const text = JSON.stringify(body)
  const sentAt = performance.now()
  const reply = await connection.request('POST', `/api/v1${path}`, {}, text)
  const ms = performance.now() - sentAt
  if (reply.status !== status) throw new Error(`${path}: ${reply.status} ${reply.body}`)
  return ms
}
