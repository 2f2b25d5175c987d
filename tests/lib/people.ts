import { createClient, memoryTokens, type StoaClient } from '../../client/index.ts'

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
