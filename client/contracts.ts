import type { accounts } from '../contracts/accounts.ts'
import type { audit } from '../contracts/audit.ts'
import type { chat } from '../contracts/chat.ts'
import type { notifications } from '../contracts/notifications.ts'
import type { users } from '../contracts/users.ts'
import type { Contract, InputOf, OperationName, OutputOf } from '../kit/contract.ts'

/** Every contract, as types only. */
export type Contracts = {
  accounts: typeof accounts
  users: typeof users
  chat: typeof chat
  notifications: typeof notifications
  audit: typeof audit
}

/** What the client knows of an operation while it runs. */
export type Route = {
  http?: string
  socket?: string
  /** Callable without signing in. */
  open?: true
  /** The answer holds tokens: it is kept nowhere, so the call is not repeated. */
  secret?: true
  /** Repeated only under a key of its own. */
  keyed?: true
}

export type CallOptions = {
  /** Gives up when aborted, with the signal's reason. */
  signal?: AbortSignal
  timeoutMs?: number
}

type Open<C extends Contract> = {
  [O in OperationName<C>]: C['operations'][O] extends { access: 'internal' } ? never : O
}[OperationName<C>]

/** One method per operation that the outside may call. */
export type Api = {
  [S in keyof Contracts]: {
    [O in Open<Contracts[S]>]: (
      input: InputOf<Contracts[S], O>,
      options?: CallOptions,
    ) => Promise<OutputOf<Contracts[S], O>>
  }
}

/** The table of all that the outside may call; one that lacks an operation does not compile. */
export type Routes = { [S in keyof Contracts]: { [O in Open<Contracts[S]>]: Route } }

type Payload<D> = D extends { schema: { _zod: { output: infer P } } } ? P : never

type PushesOf<Definitions> = {
  [E in keyof Definitions]: Definitions[E] extends { push: readonly (infer P)[] }
    ? P extends { socket: `/chat ${infer Name}` }
      ? { name: Name; payload: Payload<Definitions[E]> }
      : never
    : never
}[keyof Definitions]

type RepliesOf<C extends Contract> = {
  [O in OperationName<C>]: C['operations'][O] extends {
    socket: `/chat ${string}`
    replies: infer Name extends string
  }
    ? { name: Name; payload: OutputOf<C, O> }
    : never
}[OperationName<C>]

type PushOf<C extends Contract> = PushesOf<C['events']> | PushesOf<C['signals']> | RepliesOf<C>
type AnyPush = { [S in keyof Contracts]: PushOf<Contracts[S]> }[keyof Contracts]

/** Everything the server sends by itself: name of the event, and what it carries. */
export type Pushes = { [P in AnyPush as P['name']]: P['payload'] }

export type OwnAccount = OutputOf<Contracts['accounts'], 'getOwnAccount'>
export type SignedIn = OutputOf<Contracts['accounts'], 'login'>
export type MessageDraft = InputOf<Contracts['chat'], 'sendMessage'>
export type SentMessage = OutputOf<Contracts['chat'], 'sendMessage'>
export type JoinedConversation = OutputOf<Contracts['chat'], 'joinConversation'>
export type CaughtUp = OutputOf<Contracts['chat'], 'catchUp'>
export type CaughtUpConversation = CaughtUp['conversations'][number]
