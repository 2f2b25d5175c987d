import { Worker } from 'node:worker_threads'
import { parseOptions } from '@node-rs/argon2'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { eventually, temporaryFolder, testService } from '../../kit/testing.ts'
import type { HashingTask } from './hashing-worker.ts'
import { accountsService } from './index.ts'

/** What the threads that hash were asked to do. */
const tasks: HashingTask[] = []
/** Does their work instead of them, when a test wants that. */
let work: (() => Promise<boolean>) | undefined
const post = Worker.prototype.postMessage

beforeEach(() => {
  work = undefined
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, message) {
    if (!isTask(message)) return post.call(this, message)
    tasks.push(message)
    if (work) void work().then((value) => this.emit('message', { value }))
    else post.call(this, message)
  })
})

afterEach(() => void vi.restoreAllMocks())

/** Other threads get messages too. */
function isTask(message: unknown): message is HashingTask {
  return ['hash', 'verify'].includes((message as HashingTask)?.kind)
}

/** The hash that the first of the threads' tasks was about. */
function firstHash(): string {
  const [task] = tasks
  return task?.kind === 'verify' ? task.passwordHash : ''
}

const environment = {
  SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  SETUP_CODE: 'let me in first',
}
const ada = {
  siteName: 'Agora',
  username: 'Ada',
  email: 'ada.lovelace@example.org',
  password: 'difference engine 2',
  setupCode: 'let me in first',
}
const ann = {
  username: 'ann',
  email: 'ann.bee@example.org',
  password: 'a plain old bicycle',
  termsAccepted: true,
}

async function openSite(
  settings: Record<string, string> = {},
  options: { folder?: string; deadlineMs?: number } = {},
) {
  const service = await testService(accountsService, {
    environment: { ...environment, ...settings },
    ...options,
  })
  await service.anonymous.completeSetup(ada)
  tasks.length = 0
  return service
}

const tooShort = { field: 'password', message: 'At least 8 characters' }
const tooLong = { field: 'password', message: 'At most 128 characters' }
const common = {
  field: 'password',
  message: 'Many people use this password, so it is tried first',
}
const personal = {
  field: 'password',
  message: 'Not made of your own name or e-mail address',
}

const refusedPasswords = {
  'seven letters': ['abcxyzq', [tooShort]],
  'seven characters of two units each': ['🦉🦊🐌🦋🐢🦎🦖', [tooShort]],
  '129 characters': [`${'xy'.repeat(64)}z`, [tooLong]],
  'a password of many': ['iloveyou1', [common]],
  'a password of many in capitals': ['PASSWORD1', [common]],
  'short and common': ['123456', [tooShort, common]],
  'the own address': ['ann.bee@example.org', [personal]],
  'the own display name and a year': ['Annabelle-1999', [personal]],
  'the own first and last name': ['bee_annabelle', [personal]],
  'the name of the site': ['Agora2024!', [personal]],
} as const

test('a new password is refused with every reason, before any work', async () => {
  await using service = await openSite()

  for (const [what, [password, errors]] of Object.entries(refusedPasswords)) {
    await expect(
      service.anonymous.register({ ...ann, password, displayName: 'Annabelle Bee' }),
      what,
    ).rejects.toMatchObject({ code: 'invalid_input', status: 400, errors })
  }
  expect(tasks.length).toBe(0)
})

test.each([
  ['eight letters', 'vmqzkdyw'],
  ['128 characters of two units each', '🦉🦊🐌🦋🐢🦎🦖🦕'.repeat(16)],
  ['a sentence that has the own name in it', 'ann rides a plain bicycle'],
  ['spaces and any script', 'μία ποδηλασία 自転車'],
])('a new password is taken: %s', async (_, password) => {
  await using service = await openSite()

  await service.anonymous.register({ ...ann, password })

  const { user } = await service.anonymous.login({ identifier: 'ann', password })
  expect(user.username).toBe('ann')
})

test('the least length can be raised', async () => {
  await using service = await openSite({ PASSWORD_MIN_LENGTH: '15' })

  await expect(
    service.anonymous.register({ ...ann, password: 'vmqzkdywvmqzkd' }),
  ).rejects.toMatchObject({ errors: [{ field: 'password', message: 'At least 15 characters' }] })
})

test('the repeated password must be the same, and every wrong field is named', async () => {
  await using service = await openSite()

  await expect(
    service.anonymous.register({ ...ann, password: '123456', passwordRepeat: '123457' }),
  ).rejects.toMatchObject({
    errors: [tooShort, common, { field: 'passwordRepeat', message: 'The same as the password' }],
  })
})

test('a password of a megabyte is refused before any work', async () => {
  await using service = await openSite()
  const password = 'x'.repeat(1_000_000)
  const refused = { code: 'invalid_input' }

  await expect(service.anonymous.register({ ...ann, password })).rejects.toMatchObject(refused)
  await expect(service.anonymous.login({ identifier: 'ada', password })).rejects.toMatchObject(
    refused,
  )
  await expect(service.anonymous.estimatePassword({ password })).rejects.toMatchObject(refused)
  expect(tasks.length).toBe(0)
})

test('set-up holds the first admin to the same rules', async () => {
  await using service = await testService(accountsService, { environment })

  await expect(
    service.anonymous.completeSetup({ ...ada, password: 'Agora-Ada!' }),
  ).rejects.toMatchObject({ code: 'invalid_input', errors: [personal] })
  expect((await service.anonymous.getSetup({})).needed).toBe(true)
})

test('one password typed on different keyboards is the same', async () => {
  await using service = await openSite()
  const composed = 'caf\u00e9 au lait \u00c5'
  const decomposed = 'cafe\u0301 au lait \u212b'

  await service.anonymous.register({ ...ann, password: decomposed })

  const { user } = await service.anonymous.login({ identifier: 'ann', password: composed })
  expect(user.username).toBe('ann')
})

test('a known and an unknown person cost the same work at sign-in', async () => {
  await using service = await openSite()

  for (const identifier of ['ada', 'nobody', 'nobody@example.org']) {
    tasks.length = 0
    await service.anonymous.login({ identifier, password: 'wrong' }).catch(() => undefined)
    expect(tasks.length).toBe(1)
    expect(parseOptions(firstHash())).toEqual({
      algorithm: 2,
      version: 1,
      memoryCost: 19_456,
      timeCost: 2,
      parallelism: 1,
      outputLen: 32,
      saltLen: 16,
    })
  }
})

test('a free and a taken address cost the same work at sign-up', async () => {
  await using service = await openSite()
  await service.anonymous.register(ann)
  const free = tasks.length
  tasks.length = 0

  await service.anonymous.register({ ...ann, username: 'ben' }).catch(() => undefined)

  expect(tasks.length).toBe(free)
})

test('a hash made at another cost is made anew at the next sign-in', async () => {
  using folder = temporaryFolder()
  const login = { identifier: 'ada', password: ada.password }
  {
    await using _ = await openSite({}, { folder: folder.path })
  }
  await using service = await testService(accountsService, {
    environment: { ...environment, PASSWORD_HASH_PASSES: '3' },
    folder: folder.path,
  })

  await service.anonymous.login(login)
  tasks.length = 0
  await service.anonymous.login(login)

  expect(parseOptions(firstHash()).timeCost).toBe(3)
  expect(tasks.length).toBe(1)
})

test('no more hashes than set are computed at once, and none is left out', async () => {
  await using service = await openSite({ PASSWORD_HASHES_AT_ONCE: '2' })
  let running = 0
  let most = 0
  work = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 1))
    running--
    return true
  }

  const outcomes = await Promise.allSettled(
    Array.from({ length: 30 }, () =>
      service.anonymous.login({ identifier: 'ada', password: ada.password }),
    ),
  )

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(30)
  expect(most).toBe(2)
})

test('whoever would wait too long for a hash is sent away at once, and the others get in', async () => {
  await using service = await openSite(
    { PASSWORD_HASHES_AT_ONCE: '1', MAX_SESSIONS: '100' },
    { deadlineMs: 5_000 },
  )
  const { promise: gate, resolve: open } = Promise.withResolvers<boolean>()
  work = () => gate

  const refusals: unknown[] = []
  const attempts = Array.from({ length: 300 }, () =>
    service.anonymous.login({ identifier: 'ada', password: ada.password }),
  )
  for (const attempt of attempts) attempt.catch((error) => refusals.push(error))
  await eventually(() => refusals.length > 100)
  open(true)
  const outcomes = await Promise.allSettled(attempts)

  expect(refusals[0]).toMatchObject({
    code: 'unavailable',
    status: 503,
    retryAfter: expect.any(Number),
  })
  const admitted = outcomes.filter(({ status }) => status === 'fulfilled').length
  expect(admitted).toBeGreaterThan(50)
})

test('the strength of a password is estimated, and why it would be refused', async () => {
  await using service = await openSite()

  expect(await service.anonymous.estimatePassword({ password: '123456' })).toEqual({
    score: 0,
    acceptable: false,
    refusals: ['too_short', 'common'],
    warning: 'topTen',
    suggestions: ['anotherWord'],
  })
  expect(
    await service.anonymous.estimatePassword({ password: 'horse turnip lantern quiet' }),
  ).toEqual({ score: 4, acceptable: true, refusals: [], warning: null, suggestions: [] })
})

test('the estimate knows own words', async () => {
  await using service = await openSite()
  const password = 'annabelle.bee'

  const { score: strangers } = await service.anonymous.estimatePassword({ password })
  const own = await service.anonymous.estimatePassword({
    password,
    username: 'bee',
    email: 'annabelle@example.org',
  })

  expect(own.score).toBeLessThan(strangers)
  expect(own).toMatchObject({ acceptable: false, refusals: ['personal'] })
})
