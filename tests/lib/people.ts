import { createClient, Failure, memoryTokens, type StoaClient } from '../../client/index.ts'
import { eventually } from '../../kit/testing.ts'

/** Somebody with an account and a client of their own. */
export type Person = { id: string; username: string; client: StoaClient }

export const password = 'a rather long pass phrase 7'

/** Makes the first admin; the site is open to everybody afterwards. */
export async function setUp(url: string): Promise<Person> {
  const client = createClient({ url, tokens: memoryTokens() })
  const { user } = await client.api.accounts.completeSetup({
    siteName: 'Test',
    username: 'admin',
    email: 'admin@example.org',
    password,
  })
  return { id: user.id, username: 'admin', client }
}

/** Signs somebody up. */
export async function signUp(url: string, username: string): Promise<Person> {
  const client = createClient({ url, tokens: memoryTokens() })
  const { user } = await client.api.accounts.register({
    username,
    email: `${username}@example.org`,
    password,
    termsAccepted: true,
  })
  return { id: user.id, username, client }
}

/** How long an overloaded machine is waited for. */
const patienceMs = 300_000

/** Asks again as long as the answer is to come again; only for what may be done twice. */
export async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const tried = await eventually(
    () => ask().then((answer) => ({ answer }), excuse),
    (result) => result !== undefined,
    patienceMs,
  )
  if (!tried) throw new Error('No answer came')
  return tried.answer
}

/** Services also hear of new people a moment after these have signed up. */
function excuse(error: unknown): undefined {
  const { status, code } = error instanceof Failure ? error : { status: 0, code: '' }
  if (status !== 503 && code !== 'user_not_found') throw error
}

/** Makes the admin or somebody else; whoever got no answer may have been let in already. */
export function arrive(url: string, username: string): Promise<Person> {
  let asked = false
  return patiently(async () => {
    const known = asked && (await findPerson(url, username))
    asked = true
    if (known) return known
    return username === 'admin' ? setUp(url) : signUp(url, username)
  })
}

async function findPerson(url: string, username: string): Promise<Person | undefined> {
  const client = createClient({ url, tokens: memoryTokens() })
  try {
    const { user } = await client.api.accounts.login({ identifier: username, password })
    return { id: user?.id ?? '', username, client }
  } catch (error) {
    if (error instanceof Failure && error.status < 500) return undefined
    throw error
  }
}
