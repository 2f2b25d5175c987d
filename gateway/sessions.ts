import { accounts } from '../contracts/accounts.ts'
import type { Bus } from '../kit/bus.ts'
import { createClients } from '../kit/call.ts'
import { startCall } from '../kit/context.ts'
import { topicOf } from '../kit/contract.ts'
import { kitFailure } from '../kit/failure.ts'
import { repeat } from '../kit/job.ts'
import type { Logger } from '../kit/log.ts'
import { createRevocations, type Revocation } from './revocations.ts'
import { createTokenVerifier, expired, type PublishedKeys, type Session } from './tokens.ts'

export type { Revocation } from './revocations.ts'
export type { Session } from './tokens.ts'

const rememberedTokens = 10_000
const pauseBetweenStartsMs = 1_000

/** Who holds which token, and what has been taken back; one for HTTP and sockets together. */
export type Sessions = {
  /** Whose token it is; throws `unauthenticated`, saying whether it is invalid, expired or ended. */
  authenticate(token: string): Promise<Session>
  /** The same at once, for a token that was verified before. */
  recall(token: string): Session | undefined
  /** Whether a session has neither expired nor been ended since it was authenticated. */
  isCurrent(session: Session): boolean
  /** Tells when sessions may have ended before their time; `isCurrent` says whether they did. */
  onRevoked(listener: (revocation: Revocation) => void): void
  signingKeys(): Promise<PublishedKeys>
  start(): Promise<void>
  /** Whether the revocations of before the start are known. */
  ready(): boolean
  close(): Promise<void>
}

type Remembered = { token: string; session: Session }

export function createSessions({ bus, log }: { bus: Bus; log: Logger }): Sessions {
  const clients = createClients(bus, 'gateway', { accounts })
  const remembered = new Map<string, Remembered>()
  const revocations = createRevocations()
  const listeners: ((revocation: Revocation) => void)[] = []
  const verify = createTokenVerifier(signingKeys)
  const tidy = repeat({
    name: 'gateway.revocations',
    everyMs: 60_000,
    log,
    run: async () => revocations.prune(),
  })
  let loaded = false
  let everLoaded = false
  let closed = false

  function signingKeys(): Promise<PublishedKeys> {
    return clients.accounts.getSigningKeys({}, startCall('gateway'))
  }

  function announce(revocation: Revocation): void {
    for (const listener of listeners) listener(revocation)
  }

  /** From now on first, then what was before: so that nothing falls between. */
  async function watch(): Promise<void> {
    const { sessionEnded, accountBlocked, accountChanged } = accounts.events
    const effects = {
      sessionEnded(payload: unknown) {
        const { sessionId, userId } = sessionEnded.schema.parse(payload)
        revocations.endSession(sessionId)
        announce({ userId, sessionId })
      },
      accountBlocked(payload: unknown, occurredAt: string) {
        const { userId } = accountBlocked.schema.parse(payload)
        revocations.endUser(userId, Date.parse(occurredAt))
        announce({ userId })
      },
      accountChanged(payload: unknown) {
        const { userId, role } = accountChanged.schema.parse(payload)
        revocations.changeRole(userId, role)
        announce({ userId })
      },
    }
    const byTopic = new Map(
      Object.entries(effects).map(([event, effect]) => [topicOf(accounts, event), effect]),
    )
    await bus.watch(
      [...byTopic.keys()],
      ({ topic, payload, occurredAt }) => byTopic.get(topic)?.(payload, occurredAt),
      () => {
        loaded = false
        void loadUntilKnown()
      },
    )
  }

  async function loadUntilKnown(): Promise<void> {
    while (!loaded && !closed) {
      await load().catch(async (error) => {
        log.warn({ event: 'gateway.revocations_unknown', err: error })
        await new Promise((resolve) => setTimeout(resolve, pauseBetweenStartsMs))
      })
    }
  }

  async function load(): Promise<void> {
    const { sessions, users } = await clients.accounts.listRevocations({}, startCall('gateway'))
    for (const { sessionId, until } of sessions) {
      revocations.endSession(sessionId, Date.parse(until))
    }
    for (const { userId, issuedBefore, until } of users) {
      revocations.endUser(userId, Date.parse(issuedBefore), Date.parse(until))
    }
    loaded = true
    everLoaded = true
  }

  function remember(token: string, session: Session): void {
    if (remembered.size >= rememberedTokens) {
      // The oldest is the likeliest to have expired.
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(signatureOf(token), { token, session })
  }

  function find(token: string): Session | undefined {
    const known = remembered.get(signatureOf(token))
    return known?.token === token ? known.session : undefined
  }

  function isCurrent(session: Session): boolean {
    return session.expiresAt > Date.now() && !revocations.isRevoked(session)
  }

  return {
    async authenticate(token) {
      if (!everLoaded) {
        throw kitFailure('unavailable', 'Sessions cannot be checked yet.', { retryAfter: 1 })
      }
      const known = find(token)
      const session = known ?? (await verify(token))
      if (session.expiresAt <= Date.now()) {
        remembered.delete(signatureOf(token))
        throw expired()
      }
      if (!known) remember(token, session)
      if (revocations.isRevoked(session)) {
        throw kitFailure('unauthenticated', 'The session has ended.')
      }
      return session
    },
    recall(token) {
      const session = find(token)
      return session && isCurrent(session) ? session : undefined
    },
    isCurrent,
    onRevoked: (listener) => void listeners.push(listener),
    signingKeys,
    async start() {
      tidy.start()
      await watch()
      await loadUntilKnown()
    },
    ready: () => loaded,
    async close() {
      closed = true
      await tidy.stop()
    },
  }
}

/** The end of a token, which differs from token to token and is quicker to look up than all of it. */
function signatureOf(token: string): string {
  return token.slice(-64)
}
