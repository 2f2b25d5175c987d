import { expect, test } from 'vitest'
import { temporaryFolder, testService } from '../../kit/testing.ts'
import { accountsService } from '../../services/accounts/index.ts'

// Two instances of the service on one database, as two processes would be.

const environment = {
  SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  SETUP_CODE: 'let me in first',
}
const password = 'a plain old bicycle'
const setUp = (username: string) => ({
  siteName: 'Agora',
  username,
  email: `${username}@example.org`,
  password,
  setupCode: 'let me in first',
})
const times = (n: number) => Array.from({ length: n }, (_, index) => index)

async function openTwo() {
  const folder = temporaryFolder()
  const options = { environment, folder: folder.path }
  const one = await testService(accountsService, options)
  const two = await testService(accountsService, options)
  return {
    one,
    two,
    /** One or the other, in turn. */
    any: (index: number) => (index % 2 === 0 ? one : two),
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

async function openSite() {
  const site = await openTwo()
  const { user } = await site.one.anonymous.completeSetup(setUp('ada'))
  const register = (username: string, more: { invitationCode?: string } = {}) => ({
    username,
    email: `${username}@example.org`,
    password,
    termsAccepted: true,
    ...more,
  })
  return Object.assign(site, { adaId: user.id, register })
}

function outcomesOf(settled: readonly PromiseSettledResult<unknown>[]): string[] {
  return settled
    .map((outcome) => (outcome.status === 'fulfilled' ? 'done' : outcome.reason.code))
    .toSorted()
}

test('of those who set up at once, one is the admin', async () => {
  await using site = await openTwo()

  const settled = await Promise.allSettled(
    times(6).map((n) => site.any(n).anonymous.completeSetup(setUp(`admin${n}`))),
  )

  expect(outcomesOf(settled)).toEqual(['done', ...times(5).map(() => 'setup_done')])
  const { items } = await site.one.as('x', { role: 'admin' }).listAccounts({})
  expect(items.map(({ role }) => role)).toEqual(['admin'])
})

test('one refresh token shown to both instances at once leads to one successor', async () => {
  await using site = await openSite()
  for (const _ of times(5)) {
    const { refreshToken = '' } = await site.one.anonymous.login({ identifier: 'ada', password })
    const answers = await Promise.all(
      times(10).map((n) => site.any(n).anonymous.refresh({ refreshToken })),
    )
    const successors = new Set(answers.map((answer) => answer.refreshToken))
    expect(successors.size).toBe(1)
    const [successor = ''] = successors
    expect(await site.two.anonymous.refresh({ refreshToken: successor })).toBeDefined()
  }
  const ended = (await site.one.events()).filter(({ event }) => event === 'sessionEnded')
  expect(ended).toEqual([])
})

test('an invitation is good for as many as it says, however many come at once', async () => {
  await using site = await openSite()
  const admin = site.one.as(site.adaId, { role: 'admin' })
  await admin.updateSite({ registration: 'invitation' })
  const { code } = await admin.createInvitation({ uses: 3, days: 1 })

  const settled = await Promise.allSettled(
    times(8).map((n) =>
      site.any(n).anonymous.register(site.register(`guest${n}`, { invitationCode: code })),
    ),
  )

  const refused = times(5).map(() => 'invitation_invalid')
  expect(outcomesOf(settled)).toEqual(['done', 'done', 'done', ...refused].toSorted())
})

test('of two who take one name at once, one has it and the other is told so', async () => {
  await using site = await openSite()
  await site.one.as(site.adaId, { role: 'admin' }).updateSite({ registration: 'open' })
  const ids: string[] = []
  for (const name of ['ann', 'bob', 'cid']) {
    ids.push((await site.one.anonymous.register(site.register(name))).user.id)
  }
  for (const round of times(10)) {
    const settled = await Promise.allSettled(
      ids.map((userId, n) => {
        const call = { userId, username: `taken${round}` }
        return site.any(n).internally.renameAccount(call)
      }),
    )
    expect(outcomesOf(settled)).toEqual(['done', 'username_taken', 'username_taken'])
  }
})

test('the last two admins who demote each other at once leave one', async () => {
  await using site = await openSite()
  const admin = site.one.as(site.adaId, { role: 'admin' })
  await admin.updateSite({ registration: 'open' })
  const { user } = await site.one.anonymous.register(site.register('ann'))
  for (const _ of times(8)) {
    await admin.changeRole({ userId: user.id, role: 'admin' })
    await admin.changeRole({ userId: site.adaId, role: 'admin' })
    const settled = await Promise.allSettled([
      site.one.as('x', { role: 'admin' }).changeRole({ userId: user.id, role: 'user' }),
      site.two.as('y', { role: 'admin' }).changeRole({ userId: site.adaId, role: 'user' }),
    ])
    expect(outcomesOf(settled)).toEqual(['done', 'last_admin'])
  }
})

test('who signs in while being blocked is either refused or signed out', async () => {
  await using site = await openSite()
  const admin = site.one.as(site.adaId, { role: 'admin' })
  await admin.updateSite({ registration: 'open' })
  const { user } = await site.one.anonymous.register(site.register('ann'))
  for (const _ of times(6)) {
    const blocking = admin.blockAccount({ userId: user.id, reason: 'spam' })
    const tries = times(4).map((n) => site.any(n).anonymous.login({ identifier: 'ann', password }))
    const settled = await Promise.allSettled([blocking, ...tries])

    expect(settled[0]?.status).toBe('fulfilled')
    const others = outcomesOf(settled.slice(1))
    expect(others.every((outcome) => ['done', 'account_blocked'].includes(outcome))).toBe(true)
    const { items } = await site.two.as(user.id).listSessions({ limit: 100 })
    expect(items).toEqual([])
    await admin.unblockAccount({ userId: user.id })
  }
})

test('of the tokens asked for at once, only the last one confirms', async () => {
  await using site = await openSite()
  await site.one.as(site.adaId, { role: 'admin' }).updateSite({ registration: 'open' })
  const { user } = await site.one.anonymous.register(site.register('ann'))

  await Promise.all(
    times(6).map((n) => site.any(n).as(user.id, { confirmed: false }).resendEmail({})),
  )

  const requests = (await site.one.events()).filter(
    ({ event }) => event === 'emailConfirmationRequested',
  )
  const tokens = requests.map(({ payload }) => (payload as { token: string }).token)
  expect(tokens).toHaveLength(7)
  const settled = []
  for (const token of tokens) {
    settled.push(...(await Promise.allSettled([site.two.anonymous.verifyEmail({ token })])))
  }
  expect(outcomesOf(settled)).toEqual(['done', ...times(6).map(() => 'token_invalid')])
})

test('nobody has more sessions than the settings allow, however many sign in at once', async () => {
  await using site = await openSite()
  for (const _ of times(6)) {
    await Promise.all(
      times(5).map((n) => site.any(n).anonymous.login({ identifier: 'ada', password })),
    )
  }

  const { count } = await site.one.as(site.adaId).listSessions({ limit: 1, count: true })
  expect(count).toBe(20)
})
